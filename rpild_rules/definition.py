"""The criteria C1 and C3, and the three published definitions of RP-ILD (decisions sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rpild_rules import attested
from rpild_rules.concepts import DYSPNOEA_CONCEPTS
from rpild_rules.diagnoses import dated_within, dates, symptoms
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import (
    MET,
    NOT_MET,
    UNKNOWN,
    Finding,
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
from rpild_rules.oxygen import oxygen_support
from rpild_rules.stays import overlaps, respiratory_stay
from rpild_rules.when import When, after, within

CONDITIONS = ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange")
CRITERIA = (
    "onsetWithinOneMonth", "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "lungFunctionDecline", "hrctIncrease",
    "respiratoryFailure", "pao2Decline", "gasExchange",
)  # fmt: skip
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
    window = m.knowledge.window("c1_window_days")
    seen = [d for d in symptoms(m.facts, DYSPNOEA_CONCEPTS, m.at, m.knowledge) if dated_within(d, m.at, window)]
    visits = [s for s in m.facts.stays if s.reasons & DYSPNOEA_CONCEPTS and overlaps(s, m.at, window)]
    said = attested.in_force(m.facts, "progressive-dyspnoea", m.at, m.knowledge.window("attestation_days"))
    if said and said.value is False:
        times = [when for d in seen for when in dates(d)] + [s.start for s in visits if s.start]
        if all(after(attested.time_of(said), when) for when in times):
            words = f"no progressive dyspnoea, attested on {attested.time_of(said).printed}"
            return Finding("dyspnoeaShown", NOT_MET, words, (said.reference,))
    if said and said.value is True:
        words = f"progressive dyspnoea, attested on {attested.time_of(said).printed}"
        return Finding("dyspnoeaShown", MET, words, (said.reference,))
    if seen:
        return Finding("dyspnoeaShown", MET, f"{seen[0].printed} recorded in the last month", (seen[0].reference,))
    if visits:
        return Finding("dyspnoeaShown", MET, "breathlessness is the reason of an encounter", (visits[0].reference,))
    return unknown("dyspnoeaShown", m.facts.why_absent("E-COND"), "no breathlessness recorded in the last month")


def dyspnoea_needing_care(m: Moment, shown: Finding) -> Finding:
    """C1: breathlessness that needs a hospital stay or oxygen."""
    need = disjunction(
        "care", (respiratory_stay(m.facts, m.at, m.knowledge), oxygen_support(m.facts, m.at, m.knowledge))
    )
    return conjunction("dyspnoeaNeedingCare", (shown, need))


def hrct_increase(m: Moment) -> Finding:
    """C3: attested growth of the interstitial abnormality between two CTs."""
    id, parameters = "hrctIncrease", ("hrct_increase_pct", "hrct_interval_days", "attestation_days")
    said = attested.newest(m.facts, id_code := "hrct-increase-percent")
    percent = attested.percent_of(said) if said else None
    if not said or percent is None:
        return _no_comparison(m, id, parameters, said is not None, id_code)
    dates = attested.compared_cts(m.facts, said)
    expired = attested.expiry(m.facts, said, dates.end, m.at, m.knowledge, m.aged)
    if expired:
        return unknown(
            id, Reason.ATTESTATION_EXPIRED, f"{expired}: compare again on the page", (said.reference,), parameters
        )
    if (
        dates.start
        and dates.end
        and attested.interval_status(dates, m.knowledge.window("hrct_interval_days")) is not MET
    ):
        what = f"the compared CTs lie {attested.spread(dates)} days apart, more than one month"
        return unknown(id, Reason.NO_BASELINE, what, (said.reference,), parameters)
    if dates.end and within(dates.end.cut(m.at), m.at, m.knowledge.window("c1_window_days")) is not MET:
        return unknown(id, Reason.STALE, f"the later CT is of {dates.end.printed}", (said.reference,), parameters)
    known = (
        f"between {dates.start.printed} and {dates.end.printed}"
        if dates.start and dates.end
        else "interval between the CTs not recorded"
    )
    met = m.knowledge.parameter("hrct_increase_pct").holds(percent)
    words = f"HRCT increase {percent} %, {known}, attested on {attested.time_of(said).printed}"
    return Finding(id, MET if met else NOT_MET, words, (said.reference, *sorted(said.studies)), parameters)


def _no_comparison(m: Moment, id: str, parameters: tuple[str, ...], unreadable: bool, code: str) -> Finding:
    window = m.knowledge.window("c1_window_days")
    reports = [
        s
        for s in m.facts.scans
        if s.concept == "ct-chest" and s.is_report and s.when and within(s.when.cut(m.at), m.at, window) is MET
    ]
    if unreadable or reports:
        what = "a chest CT report exists but holds no figure: compare the CTs on the page"
        return unknown(id, Reason.UNSTRUCTURED, what, tuple(s.reference for s in reports), parameters)
    return unknown(id, m.facts.why_absent("E-ATT"), "no clinician's comparison of two chest CTs", (), parameters)


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


def formula(statuses: dict[str, Status]) -> dict[str, Status]:
    """The definitions as plain Kleene formulas over criterion statuses: what would follow if one of them were settled."""
    lung = any_of((statuses["fvcDecline"], statuses["dlcoDecline"]))
    gas = any_of((statuses["respiratoryFailure"], statuses["pao2Decline"]))
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
