"""The criteria C1 and C3, and the three published definitions of RP-ILD (decisions sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rpild_rules import attested
from rpild_rules.concepts import DYSPNOEA_CONCEPTS
from rpild_rules.diagnoses import dated_within, dates, may_be_dated_within, symptoms
from rpild_rules.facts import Attestation, Diagnosis, PatientFacts, Stay
from rpild_rules.findings import (
    MET,
    NOT_MET,
    PRECEDENCE,
    UNKNOWN,
    Finding,
    Missing,
    Reason,
    Status,
    all_of,
    any_of,
    conjunction,
    disjunction,
    unknown,
)
from rpild_rules.gas_exchange import gas_exchange
from rpild_rules.knowledge import Knowledge
from rpild_rules.lung_function import lung_function
from rpild_rules.oxygen_use import oxygen_support
from rpild_rules.stays import overlap, respiratory_stay
from rpild_rules.when import When, after, gap, lately, within

CONDITIONS = ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange")
CRITERIA = (
    "onsetWithinOneMonth", "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "lungFunctionDecline", "hrctIncrease",
    "respiratoryFailure", "pao2Decline", "gasExchange",
)  # fmt: skip
NOTHING_SETTLED: dict[str, Status] = {}
DEFINITIONS = ("fourConditions", "oneMonthTriad", "threeMonthProgression")


@dataclass(frozen=True, slots=True)
class Moment:
    """What is judged when: windows end at `at`; `now` is the time of evaluation. `aged` is false for a look back,
    where CT statements count by the dates of their studies and not by their own age."""

    facts: PatientFacts
    knowledge: Knowledge
    now: When
    at: When
    aged: bool = True


Guard = Callable[[str, Callable[[], tuple[Finding, ...]], tuple[str, ...]], tuple[Finding, ...]]


def dyspnoea_shown(m: Moment) -> Finding:
    """Breathlessness within the last month: attested, diagnosed, or the reason of an encounter."""
    id, window = "dyspnoeaShown", m.knowledge.window("c1_window_days")
    said = attested.in_force(m.facts, "progressive-dyspnoea", m.at, m.knowledge.window("attestation_days"))
    made = f"attested on {attested.time_of(said).printed}" if said else ""
    if said and said.value is True:
        return Finding(id, MET, f"progressive dyspnea, {made}", (said.reference,))
    found = sorted(symptoms(m.facts, DYSPNOEA_CONCEPTS, m.at, m.knowledge), key=lambda d: d.reference)
    reasoned = [(s, overlap(s, m.at, window)) for s in m.facts.stays if s.reasons & DYSPNOEA_CONCEPTS]
    visits, perhaps = ([s for s, status in reasoned if status is wanted] for wanted in (MET, UNKNOWN))
    doubtful = [d for d in found if may_be_dated_within(d, m.at, window)]
    if said and said.value is False and _newer_than_all(said, doubtful, [*visits, *perhaps]):
        return Finding(id, NOT_MET, f"no progressive dyspnea, {made}", (said.reference,))
    seen = next((d for d in doubtful if dated_within(d, m.at, window)), None)
    if seen:
        return Finding(id, MET, f"{seen.printed} of {_latest(seen, m.at)}", (seen.reference,))
    if visits:
        visit = min(visits, key=lambda s: s.reference)
        begun = f" of {visit.start.printed}" if visit.start else ""
        return Finding(id, MET, f"breathlessness is the reason of an encounter{begun}", (visit.reference,))
    what = "no breathlessness recorded in the last month"
    reasons = _why_not_shown(m, doubtful, perhaps, said is not None)
    return Finding(id, UNKNOWN, what, missing=tuple(Missing(reason, what) for reason in reasons))


def _latest(d: Diagnosis, at: When) -> str:
    """The newest date of a diagnosis that does not lie ahead."""
    past = [when for when in dates(d) if not when.ahead_of(at)]
    return max(past, key=lambda when: when.latest).printed


def _newer_than_all(said: Attestation, found: list[Diagnosis], visits: list[Stay]) -> bool:
    """Whether a statement of no breathlessness surely follows every record of it."""
    times = [when for d in found for when in dates(d)] + [s.start for s in visits]
    return all(when is not None and after(attested.time_of(said), when) for when in times)


def _why_not_shown(m: Moment, doubtful: list[Diagnosis], perhaps: list[Stay], attested_no: bool) -> list[Reason]:
    """Every reason, once: an expired statement takes nothing from a vague date. "No data" only where no other holds."""
    reasons = set() if attested_no else {attested.why_silent(m.facts, "progressive-dyspnoea", m.at)}
    reasons |= {m.facts.why_absent(element) for element in ("E-COND", "E-ENC")}
    ahead = any(when.ahead_of(m.at) for d in doubtful for when in dates(d))
    reasons |= {Reason.CONFLICT if ahead else Reason.IMPRECISE_DATE} if doubtful else set()
    reasons |= {Reason.IMPRECISE_DATE} if perhaps else set()
    return [each for each in PRECEDENCE if each in reasons - {Reason.NO_DATA}] or [Reason.NO_DATA]


def dyspnoea_needing_care(m: Moment, shown: Finding) -> Finding:
    """C1: breathlessness that needs a hospital stay or oxygen."""
    stay, oxygen = respiratory_stay(m.facts, m.at, m.knowledge), oxygen_support(m.facts, m.at, m.knowledge)
    return conjunction("dyspnoeaNeedingCare", (shown, disjunction("care", (stay, oxygen))))


HRCT, HRCT_PARAMETERS = "hrctIncrease", ("hrct_increase_pct", "hrct_interval_days", "attestation_days")


def hrct_increase(m: Moment) -> Finding:
    """C3: attested growth of the interstitial abnormality between two CTs."""
    said = attested.newest(m.facts, "hrct-increase-percent", m.now)
    if not said:
        return _no_comparison(m)
    fault, percent, dates = _fault(said, m), attested.percent_of(said), attested.compared_cts(m.facts, said)
    if fault:
        return unknown(HRCT, fault.reason, f"{fault.what}: compare again", (said.reference,), HRCT_PARAMETERS)
    assert percent is not None  # _fault() tells a figure that cannot be read
    known = "interval between the CTs not recorded"
    if dates.start and dates.end:
        known = f"between {dates.start.printed} and {dates.end.printed}"
    met = m.knowledge.parameter("hrct_increase_pct").holds(percent)
    words = f"HRCT increase {percent} %, {known}, attested on {attested.time_of(said).printed}"
    return Finding(HRCT, MET if met else NOT_MET, words, (said.reference, *sorted(said.studies)), HRCT_PARAMETERS)


def _fault(said: Attestation, m: Moment) -> Missing | None:
    """Why an attested figure does not count: unreadable, expired, or by the dates of its CTs."""
    if attested.percent_of(said) is None:
        return Missing(Reason.UNIT, f"the figure attested on {attested.time_of(said).printed} cannot be read")
    expired = attested.outdated(m.facts, said, m.at, m.knowledge, m.aged)
    return expired or _fault_of_dates(attested.compared_cts(m.facts, said), m)


def _fault_of_dates(dates: attested.Interval, m: Moment) -> Missing | None:
    if not dates.end:
        return None
    longest, latest = m.knowledge.window("hrct_interval_days"), m.knowledge.window("hrct_study_days")
    apart = within(dates.start, dates.end, longest) if dates.start else MET
    if apart is NOT_MET and dates.start:
        days = gap(dates.start, dates.end, True)[1].days
        return Missing(Reason.NO_BASELINE, f"the compared CTs lie {days} days apart, more than one month")
    ago = lately(dates.end, m.at, latest)
    if UNKNOWN in (apart, ago):
        reason = Reason.CONFLICT if dates.end.ahead_of(m.at) else Reason.IMPRECISE_DATE
        return Missing(reason, f"the dates of the compared CTs ({dates.end.printed}) leave the interval open")
    return Missing(Reason.STALE, f"the later CT is of {dates.end.printed}") if ago is NOT_MET else None


def _no_comparison(m: Moment) -> Finding:
    window = m.knowledge.window("c1_window_days")
    scans = [s for s in m.facts.scans if s.concept == "ct-chest" and s.is_report and s.when]
    reports = sorted(s.reference for s in scans if s.when and lately(s.when, m.at, window) is MET)
    if reports:
        what = "a chest CT report exists but holds no figure: compare the CTs on the page"
        return unknown(HRCT, Reason.UNSTRUCTURED, what, tuple(reports), HRCT_PARAMETERS)
    what = "no clinician's comparison of two chest CTs"
    return unknown(HRCT, m.facts.why_absent("E-ATT"), what, (), HRCT_PARAMETERS)


def conditions(m: Moment, guard: Guard) -> dict[str, Finding]:
    """C1 to C4 with both halves of C2 and C4, and whether breathlessness is shown; keyed by id."""
    shown = guard("dyspnoeaShown", lambda: (dyspnoea_shown(m),), ("dyspnoeaShown",))
    found = (
        *shown,
        *guard("C1", lambda: (dyspnoea_needing_care(m, shown[0]),), ("dyspnoeaNeedingCare",)),
        *guard(
            "C2",
            lambda: lung_function(m.facts, m.at, m.knowledge),
            ("fvcDecline", "dlcoDecline", "lungFunctionDecline"),
        ),
        *guard("C3", lambda: (hrct_increase(m),), ("hrctIncrease",)),
        *guard(
            "C4",
            lambda: gas_exchange(m.facts, m.at, m.now, m.knowledge),
            ("respiratoryFailure", "pao2Decline", "gasExchange"),
        ),
    )
    return {finding.id: finding for finding in found}


def definitions(
    found: dict[str, Finding], onset_by_first_symptom: Finding, worsening: Finding, worsening92: Finding
) -> tuple[Finding, ...]:
    """The three definitions side by side; the four-condition one is primary."""
    four = conjunction(
        "fourConditions", (found["onsetWithinOneMonth"], disjunction("conditions", tuple(found[c] for c in CONDITIONS)))
    )
    triad = conjunction(
        "oneMonthTriad", (onset_by_first_symptom, worsening, found["dyspnoeaShown"], found["respiratoryFailure"])
    )
    return four, triad, conjunction("threeMonthProgression", (found["dyspnoeaShown"], worsening92))


def formula(statuses: dict[str, Status], settled: dict[str, Status] = NOTHING_SETTLED) -> dict[str, Status]:
    """The definitions as plain Kleene formulas over statuses: what would follow if one criterion were settled.

    A composite follows from its legs unless it is settled itself.
    """
    statuses = statuses | settled
    lung = settled.get("lungFunctionDecline", any_of((statuses["fvcDecline"], statuses["dlcoDecline"])))
    gas = settled.get("gasExchange", any_of((statuses["respiratoryFailure"], statuses["pao2Decline"])))
    worsening = MET if statuses["hrctIncrease"] is MET else statuses["ctWorsening"]
    four = all_of(
        (
            statuses["onsetWithinOneMonth"],
            any_of((statuses["dyspnoeaNeedingCare"], lung, statuses["hrctIncrease"], gas)),
        )
    )
    triad = all_of(
        (statuses["onsetFirstSymptom"], worsening, statuses["dyspnoeaShown"], statuses["respiratoryFailure"])
    )
    three = all_of((statuses["dyspnoeaShown"], statuses["ctWorsening92"]))
    return {"fourConditions": four, "oneMonthTriad": triad, "threeMonthProgression": three}


def any_condition(found: dict[str, Finding]) -> Status:
    """C1 OR C2 OR C3 OR C4."""
    return any_of(found[c].status for c in CONDITIONS) if found else UNKNOWN
