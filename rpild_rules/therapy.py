"""What treatment is running: drug chains, the combination regimen and its start T0 (decisions section 7, step 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from rpild_rules.concepts import AVOIDED, CLASS_OF, DRUG_CLASSES, IMMUNOSUPPRESSANTS, SECOND_DRUGS
from rpild_rules.diagnoses import CONFIRMED, dates, history
from rpild_rules.facts import Meaning, PatientFacts, Treatment
from rpild_rules.findings import MET
from rpild_rules.knowledge import Knowledge
from rpild_rules.when import When, within

GIVEN = frozenset({"completed", "in-progress"})
NO_ORDER = frozenset({"plan", "proposal"})
BROKEN_OFF = frozenset({"stopped", "ended", "on-hold", "completed"})
ACTIVE_DAYS = {
    name: f"active_days_{name.lower()}" for name in ("GC", *SECOND_DRUGS, *AVOIDED, "IVIG", "TCZ", "PLEX", "PMX")
}
EQUIVALENTS = {
    name: f"prednisone_equal_mg_{name}"
    for name in ("prednisone", "prednisolone", "methylprednisolone", "dexamethasone", "hydrocortisone")
}


@dataclass(frozen=True, slots=True)
class Use:
    """One span in which a drug was in use: its first and last known moment.

    `current` tells an order or statement that runs now; `dose` a dose given, which counts for its class window.
    """

    start: When
    end: When
    treatment: Treatment
    current: bool = False
    dose: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """Unbroken use of one class up to now. `before_edge`: it began before the look-back."""

    drug_class: str
    start: When
    before_edge: bool
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Therapy:
    """The treatment facts of step 1. All are two-valued: true only if proven (decisions K11)."""

    chains: dict[str, Chain]
    combination: bool = False
    t0: When | None = None
    t0_before_edge: bool = False
    induction: bool = False
    induction_unreadable: bool = False
    unresolved: tuple[str, ...] = ()

    def running(self, *classes: str) -> list[Chain]:
        return [self.chains[name] for name in classes if name in self.chains]


def classes_of(t: Treatment) -> frozenset[str]:
    """The drug classes of a record."""
    return _classes(t.ingredients)


@lru_cache
def _classes(ingredients: frozenset[str]) -> frozenset[str]:
    return frozenset(CLASS_OF[each] for each in ingredients if each in CLASS_OF)


def find_therapy(facts: PatientFacts, now: When, knowledge: Knowledge) -> Therapy:
    """The chains of use and what follows from them for the combination regimen."""
    classed = [t for t in facts.treatments if classes_of(t)]
    chains = {name: chain for name in DRUG_CLASSES if (chain := chain_of(name, classed, now, knowledge))}
    unresolved = tuple(sorted({t.printed for t in facts.treatments if _unresolved(t, now, knowledge)}))
    counting = [t for t in classed if not _covid_treatment(t, facts, knowledge)]
    steroid = chain_of("GC", [t for t in counting if t.ingredients != {"hydrocortisone"}], now, knowledge)
    second = [chain for name in SECOND_DRUGS if (chain := chain_of(name, counting, now, knowledge))]
    if not steroid or not second:
        return Therapy(chains, unresolved=unresolved)
    earliest = min(second, key=lambda chain: (chain.start.earliest, chain.drug_class))
    later = max(steroid, earliest, key=lambda chain: chain.start.earliest)
    doses = list(_induction_doses(steroid, later, knowledge))
    return Therapy(
        chains, True, later.start, later.before_edge, unresolved=unresolved,
        induction=any(dose is not False for dose in doses), induction_unreadable=None in doses,
    )  # fmt: skip


def _unresolved(t: Treatment, now: When, knowledge: Knowledge) -> bool:
    """A drug in use of which nobody knows what it is: it never proves that something is not given."""
    if t.ingredients or not systemic(t):
        return False
    window = knowledge.window("active_request_days").span
    return any(_in_force(use, now, window) for use in uses_of(t, now, knowledge))


def systemic(t: Treatment) -> bool:
    """Topical, ophthalmic, nasal and inhaled forms are no treatment here; an unknown route counts."""
    return t.route != "nonsystemic"


def chain_of(name: str, treatments: Iterable[Treatment], now: When, knowledge: Knowledge) -> Chain | None:
    """The unbroken use of one class that reaches to now, if the class is active.

    An order that has run out and was not given as a dose proves no use now, but links older use to newer (section 7).
    """
    window = _class_window(name, knowledge)
    of_class = [t for t in treatments if name in classes_of(t) and systemic(t)]
    uses = sorted((use for t in of_class for use in uses_of(t, now, knowledge)), key=_latest_first)
    if not any(_in_force(use, now, window) for use in uses):
        return None
    linked, reach = [], now.latest - window
    for use in uses:
        if use.end.latest >= reach:
            linked.append(use)
            reach = min(reach, use.start.earliest - window)
    linked.sort(key=lambda use: use.start.earliest)
    edge = now.latest - knowledge.window("active_request_days").span
    return Chain(name, linked[0].start, linked[0].start.earliest <= edge, tuple(linked))


def _in_force(use: Use, now: When, window: timedelta) -> bool:
    return use.current or (use.dose and use.end.latest >= now.latest - window)


def _latest_first(use: Use) -> tuple[float, str]:
    return -use.end.latest.timestamp(), use.treatment.reference


def _class_window(name: str, knowledge: Knowledge) -> timedelta:
    return knowledge.window(ACTIVE_DAYS[name]).span if name in ACTIVE_DAYS else timedelta()


def uses_of(t: Treatment, now: When, knowledge: Knowledge) -> Iterator[Use]:
    """The span of use that one record proves; none for plans, reports, refusals and orders of the future."""
    if t.reported or t.intent in NO_ORDER or t.do_not_perform or t.start is None or t.start.ahead_of(now):
        return
    use = _use(t, t.start.cut(now), _end(t, now), now, knowledge)
    if use:
        yield use


def _use(t: Treatment, start: When, end: When | None, now: When, knowledge: Knowledge) -> Use | None:
    if t.status == "active" and t.kind in ("request", "statement"):
        return _ordered(t, start, end, now, knowledge)
    if t.status in GIVEN and t.kind != "statement":
        return Use(start, end or (now if t.status == "in-progress" else start), t, dose=True)
    return Use(start, end, t) if end and t.end and t.status in BROKEN_OFF else None


def _ordered(t: Treatment, start: When, end: When | None, now: When, knowledge: Knowledge) -> Use:
    """In use until the period ends; an order for `active_request_days` at most, a statement while it stands."""
    window = knowledge.window("active_request_days")
    stands = t.kind == "statement" or within(start, now, window) is MET
    last = now if stands else _shifted(start, window.span)
    ended = end is not None and end.latest < last.latest
    return Use(start, end if end and ended else last, t, current=stands and not ended)


def _end(t: Treatment, now: When) -> When | None:
    """The end of a record's period, not later than now; the intended duration stands in for a missing end."""
    if t.end:
        return now if t.end.latest >= now.latest else t.end
    if t.days is None or t.start is None:
        return None
    last = t.start.latest + timedelta(days=float(t.days))
    return now if last >= now.latest else _shifted(t.start, last - t.start.latest)


def _shifted(when: When, span: timedelta) -> When:
    days = timedelta(days=span.days)
    return When(when.earliest + span, when.latest + span, when.first + days, when.last + days, when.exact, when.printed)


def dose_holds(limit: str, t: Treatment, knowledge: Knowledge) -> bool | None:
    """Whether the daily dose, in prednisone equivalents, passes a parameter; None when the dose cannot be read."""
    names = sorted(t.ingredients & EQUIVALENTS.keys())
    if t.mg_per_day is None or not names:
        return None
    return knowledge.parameter(limit).holds_ratio(
        t.mg_per_day * knowledge.number("prednisone_base_mg"), knowledge.number(EQUIVALENTS[names[0]])
    )


def is_pulse(t: Treatment, knowledge: Knowledge) -> bool:
    """A methylprednisolone pulse."""
    return (
        "methylprednisolone" in t.ingredients
        and t.mg_per_day is not None
        and knowledge.parameter("pulse_mg").holds(t.mg_per_day)
    )


def _induction_doses(steroid: Chain, later: Chain, knowledge: Knowledge) -> Iterator[bool | None]:
    """Whether each dose from a week before T0 on is one of induction; the whole look-back if T0 lies before it."""
    since = later.start.earliest - knowledge.window("induction_before_days").span
    for use in steroid.uses:
        if later.before_edge or use.end.latest >= since:
            yield is_pulse(use.treatment, knowledge) or dose_holds("induction_pred_mg", use.treatment, knowledge)


def _covid_treatment(t: Treatment, facts: PatientFacts, knowledge: Knowledge) -> bool:
    """Low-dose dexamethasone, baricitinib and tocilizumab soon after COVID-19 are treatment of that, not of RP-ILD."""
    if not t.ingredients & {"dexamethasone", "baricitinib", "tocilizumab"} or t.start is None:
        return False
    if (
        "dexamethasone" in t.ingredients
        and t.mg_per_day is not None
        and not knowledge.parameter("covid_dex_mg").holds(t.mg_per_day)
    ):
        return False
    window = knowledge.window("covid_days")
    return any(within(when, t.start, window) is MET for when in _covid_dates(facts))


def _covid_dates(facts: PatientFacts) -> Iterator[When]:
    for d in history(facts, {"covid-19"}):
        if d.verification in CONFIRMED:
            yield from dates(d)
    for r in facts.results:
        if r.concept == "sars-cov-2-rna" and r.valid and r.meaning is Meaning.POSITIVE and r.when:
            yield r.when


def immunosuppressed_between(facts: PatientFacts, one: When, other: When, now: When, knowledge: Knowledge) -> bool:
    """Whether an immunosuppressant, or a glucocorticoid at high dose, was active between two times."""
    low, high = min(one.earliest, other.earliest), max(one.latest, other.latest)
    return any(
        use.start.earliest <= high and _until(use, window) >= low
        for t in facts.treatments
        for window in _windows_of_suppression(t, knowledge)
        for use in uses_of(t, now, knowledge)
    )


def _windows_of_suppression(t: Treatment, knowledge: Knowledge) -> list[timedelta]:
    """The class windows of a systemic immunosuppressant; none for other drugs."""
    suppresses = {name for name in classes_of(t) if name in IMMUNOSUPPRESSANTS}
    suppresses |= classes_of(t) & {"GC"} if high_dose(t, knowledge) else set()
    return sorted(_class_window(name, knowledge) for name in suppresses) if systemic(t) else []


def _until(use: Use, window: timedelta) -> datetime:
    """How long one use keeps its class active: a dose for its window, an order to its end."""
    return use.end.latest + window if use.dose else use.end.latest


def high_dose(t: Treatment, knowledge: Knowledge) -> bool:
    """A glucocorticoid above the prophylaxis limit, or a pulse; an unreadable dose is not proven high."""
    return is_pulse(t, knowledge) or dose_holds("pjp_pred_mg", t, knowledge) is True
