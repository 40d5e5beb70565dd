"""What the chart holds at one moment: valid results, conflicts, comparators, counted Conditions (K5 to K13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from rpild_rules.facts import Attestation, Diagnosis, Measurement, PatientFacts, Reading
from tests.oracle.answers import MET, NO, NOT_MET, UNKNOWN, YES, Answer, unsure
from tests.oracle.settings import number
from tests.oracle.times import Span, close, future, span, within

VALID = ("final", "amended", "corrected")
SYMPTOMS = {"dyspnea", "cough", "fever"}
NOT_PROVEN = {"provisional", "differential", "unconfirmed"}
DROPPED = {"refuted", "entered-in-error"}
ONGOING = {"", "active", "recurrence", "relapse"}
ILD = {"ild", "ild-in-ctd", "aip", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis"}
ELEMENTS = {
    "ferritin": "E-FERR", "ldh": "E-INFL", "crp": "E-INFL", "lymphocytes-abs": "E-CBC", "pao2": "E-GAS",
    "paco2": "E-GAS",
    "pf-ratio": "E-GAS", "aa-gradient": "E-GAS", "ph-arterial": "E-GAS", "fvc": "E-PFT", "fvc-pct-pred": "E-PFT",
    "dlco": "E-PFT",
    "dlco-hb-adj": "E-PFT", "spo2": "E-VITAL", "fio2": "E-O2", "o2-flow": "E-O2",
}  # fmt: skip


Told = Callable[[Measurement], Answer]


@dataclass(frozen=True)
class View:
    """The chart as known at `at`. At the time of evaluation `at` is `now`; earlier, CT attestations do not age."""

    facts: PatientFacts
    now: Span
    at: Span
    back: bool = False  # a look back, even where its moment is that of the evaluation

    @property
    def present(self) -> bool:
        return not self.back and self.at == self.now

    def time(self, when: object) -> Span:
        """A time of the chart, cut at now (K4)."""
        return span(when, self.now)  # type: ignore[arg-type]

    def known(self, when: object) -> bool:
        """Only data dated up to the moment count; a day counts from its end (section 7)."""
        return when is not None and (self.present or self.time(when).hi <= self.at.hi)

    def known_ct(self, when: Span) -> bool:
        """CT attestations count by their study dates (section 7)."""
        return self.present or when.hi <= self.at.hi


def rows(view: View, *concepts: str) -> list[Measurement]:
    """Valid results, newest first (K5); values after a bronchodilator only where there are no others."""
    found = taken(view, *concepts)
    return [m for m in found if m.variant != "post"] or found


def taken(view: View, *concepts: str) -> list[Measurement]:
    """All valid results of these concepts, newest first (K5)."""
    found = [m for m in view.facts.measurements if m.concept in concepts and m.status in VALID and view.known(m.when)]
    return sorted(found, key=lambda m: _age(view, m), reverse=True)


def _age(view: View, m: Measurement) -> tuple[int, int, int, str]:
    """Newest by its end, then by its start: of a month and a day that may both be today, the day."""
    when = span(m.when)  # type: ignore[arg-type]
    when = when if future(when, view.now) or when.sharp else view.time(m.when)
    return when.hi, when.lo, span(m.issued).hi if m.issued else when.hi, m.reference


def absent(view: View, element: str) -> Answer:
    """K11, K12: why there is nothing."""
    reading = view.facts.readings.get(element, Reading.COMPLETE)
    if reading is Reading.COMPLETE:
        return unsure("no-data")
    return unsure("not-permitted" if reading is Reading.NOT_PERMITTED else "fetch-failed")


def was_read(view: View, element: str) -> bool:
    """Whether a claim of absence may be made."""
    return view.facts.readings.get(element, Reading.COMPLETE) is Reading.COMPLETE


def newest(view: View, window: str, *concepts: str) -> tuple[Measurement | None, Answer]:
    """The newest readable valid result in its window; else why there is none."""
    found = rows(view, *concepts)
    if not found:
        return None, absent(view, ELEMENTS[concepts[0]])
    if future(span(found[0].when), view.at):  # type: ignore[arg-type]
        return None, unsure("conflict")
    states = [(m, within(view.time(m.when), view.at, window)) for m in found]
    inside = [m for m, state in states if state == MET]
    readable = [m for m in inside if m.value is not None]
    if readable:
        return readable[0], YES
    if inside:
        return None, unsure(str(inside[0].problem) if inside[0].problem else "no-data")
    perhaps = [m for m, state in states if state == UNKNOWN]
    unread = {str(m.problem) for m in perhaps[:1] if m.problem}
    return None, unsure("imprecise-date", *unread) if perhaps else unsure("stale")


def held(view: View, answer: Answer, chosen: Measurement, *concepts: str, told: Told | None = None) -> Answer:
    """A newer result that cannot be read does not undo met, and lets nothing else stand (K5, K7, section 15); nor does
    one that may be newer and would not say no (K4).
    """
    everything = rows(view, *concepts)
    newer = everything[: everything.index(chosen)]
    unread = {str(m.problem) if m.problem else "no-data" for m in newer if m.value is None}
    if answer.status == MET or unread:
        return answer if answer.status == MET else Answer(UNKNOWN, answer.why | unread)
    if told is None or answer.status == UNKNOWN:
        return answer
    vague = [m for m in everything if m.value is not None and _may_be_newer(view, m, chosen)]
    return unsure("imprecise-date") if any(told(m).status != NOT_MET for m in vague) else answer


def _may_be_newer(view: View, m: Measurement, chosen: Measurement) -> bool:
    mine, its = view.time(m.when), view.time(chosen.when)
    another = (m.value, m.comparator) != (chosen.value, chosen.comparator)
    return another and (mine.lo, mine.hi) != (its.lo, its.hi) and mine.hi > its.lo


def contradicting(
    view: View, m: Measurement, alike: Callable[[Measurement, Measurement], bool] | None = None
) -> list[Measurement]:
    """K6: the result itself and those that contradict it."""
    others = [o for o in rows(view, m.concept) if o is not m and _clash(view, m, o) and (alike is None or alike(m, o))]
    return [m, *others]


def _clash(view: View, m: Measurement, o: Measurement) -> bool:
    if m.value is None or o.value is None or {"amended", "corrected"} & {m.status, o.status}:
        return False
    big, small = max(Fraction(m.value), Fraction(o.value)), min(Fraction(m.value), Fraction(o.value))
    together = close(view.time(m.when), view.time(o.when), "conflict_minutes") == MET
    return together and (big - small) * 100 > number("conflict_pct") * big


def proves(m: Measurement, test: str, limit: Fraction) -> Answer:
    """K7, K8: a result held against a limit."""
    if m.value is None:
        return unsure(str(m.problem) if m.problem else "no-data")
    if test in ("<", "<="):
        return {MET: NO, NOT_MET: YES}.get((flipped := proves(m, {"<": ">=", "<=": ">"}[test], limit)).status, flipped)
    x, strict = Fraction(m.value), test == ">"
    table = {
        "": (x > limit if strict else x >= limit, True),
        ">": (x >= limit, False),
        ">=": (x > limit if strict else x >= limit, False),
        "<": (False, x <= limit),
        "<=": (False, x <= limit if strict else x < limit),
    }
    proven, disproven = table[m.comparator]
    return YES if proven else NO if disproven else unsure("comparator")


def plain(*measurements: Measurement) -> Answer:
    """K7, K8: whether values may enter a difference, ratio or trend."""
    why = {str(m.problem) if m.problem else "no-data" for m in measurements if m.value is None}
    why |= {"comparator" for m in measurements if m.comparator}
    return Answer(UNKNOWN, frozenset(why)) if why else YES


def counted(d: Diagnosis) -> bool:
    """K9: a Condition that counts."""
    if d.verification in DROPPED or d.clinical not in ONGOING:
        return False
    return d.verification in ("", "confirmed") or bool(d.concepts & SYMPTOMS)


def counted_as(d: Diagnosis, concept: str) -> bool:
    """K9 for one of the concepts of a Condition: unproven diagnoses count for symptoms only."""
    if concept not in d.concepts or d.verification in DROPPED or d.clinical not in ONGOING:
        return False
    return d.verification in ("", "confirmed") or concept in SYMPTOMS


def still_a_symptom(view: View, d: Diagnosis, concept: str) -> bool:
    """K9: counted, or resolved so short a time ago that the onset and C1 rules keep it."""
    if counted_as(d, concept):
        return True
    if (
        concept not in d.concepts
        or (d.verification not in ("", "confirmed") and concept not in SYMPTOMS)
        or d.verification in DROPPED
    ):
        return False
    if d.abated is None:
        return False
    gone = view.time(d.abated)
    return gone.lo > view.at.hi or within(gone, view.at, "symptom_abated_days") == MET


def has(facts: PatientFacts, *concepts: str) -> bool:
    """Whether a Condition of one of these concepts counts."""
    return any(counted_as(d, c) for d in facts.diagnoses for c in concepts)


def dates(view: View, d: Diagnosis) -> list[Span]:
    """Onset and recorded date, as known at this moment."""
    return [view.time(when) for when in (d.onset, d.recorded) if view.known(when)]


def dated_within(view: View, d: Diagnosis, window: str) -> bool:
    """Onset or recorded date in the window before this moment."""
    return any(within(when, view.at, window) == MET for when in dates(view, d))


def maybe_dated_within(view: View, d: Diagnosis, window: str) -> bool:
    """The same, if an imprecise date leaves it open."""
    return any(within(when, view.at, window) == UNKNOWN for when in dates(view, d))


def lately(view: View, d: Diagnosis, window: str) -> bool:
    """In the window, or perhaps."""
    return dated_within(view, d, window) or maybe_dated_within(view, d, window)


def attested(view: View, code: str, always: bool = False) -> Attestation | None:
    """The newest attestation of a code by a clinician (section 7); CT attestations count whenever issued (`always`)."""
    mine = [a for a in view.facts.attestations if a.code == code and a.by_clinician and a.status in VALID]
    found = [a for a in mine if a.made is not None and (always or view.known(a.made))]
    return max(found, key=lambda a: (span(a.made).hi, span(a.issued or a.made).hi, a.reference), default=None)  # type: ignore[arg-type]


def acute(view: View) -> bool:
    """K13: in hospital at this moment."""
    return any(at_hospital(view, stay) for stay in view.facts.stays if stay.kind in ("stay", "emergency"))


def at_hospital(view: View, stay: object) -> bool:
    """K13: open now; at an earlier moment, a period that contains it."""
    status, start, end = stay.status, stay.start, stay.end  # type: ignore[attr-defined]
    if (
        status not in (("in-progress", "onleave") if view.at == view.now else ("in-progress", "onleave", "finished"))
        or start is None
    ):
        return False
    return view.known(start) and view.time(start).lo <= view.at.hi and (end is None or view.time(end).hi >= view.at.lo)


def gas_window(view: View) -> str:
    """The shorter window in the acute setting (K13)."""
    return "gas_window_acute_hours" if acute(view) else "gas_window_days"
