"""Criterion C4: respiratory failure on an arterial gas, and the fall of the arterial oxygen pressure (decisions section 4)."""

from __future__ import annotations

from decimal import Decimal

from rpild_rules import results
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, disjunction, unknown
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import Fraction, fraction_of, oxygen_evidence
from rpild_rules.results import Choice, compare, shown, time_of, value_of
from rpild_rules.stays import acute
from rpild_rules.when import When, Window, within

FAILURE, DECLINE = "respiratoryFailure", "pao2Decline"
FAILURE_PARAMETERS = ("resp_failure_pao2", "pf_failure")
DECLINE_PARAMETERS = ("pao2_drop_mmHg", "pao2_min_hours", "fio2_like")


def gas_window(facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> Window:
    """24 hours in acute care, else 7 days."""
    return knowledge.window("gas_window_acute_hours" if acute(facts, at, now) else "gas_window_days")


def index_gas(facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> Choice:
    """The newest arterial oxygen pressure in the window."""
    window = gas_window(facts, at, now, knowledge)
    return results.choose(results.of(facts, "pao2"), at, window, facts.why_absent("E-GAS"), "arterial PaO2")


def contradicting(gas: Measurement, facts: PatientFacts, knowledge: Knowledge, now: When) -> list[Measurement]:
    """Gases of the same hour that contradict this one at like or unknown inspired oxygen (K6)."""
    return results.rivals(
        gas, results.of(facts, "pao2"), knowledge, now, lambda one, other: _alike(one, other, facts, knowledge, now)
    )


def _alike(one: Measurement, other: Measurement, facts: PatientFacts, knowledge: Knowledge, now: When) -> bool:
    first, second = fraction_of(one, facts, knowledge, now), fraction_of(other, facts, knowledge, now)
    return first.value is None or second.value is None or like_oxygen(first, second, knowledge)


def like_oxygen(one: Fraction, other: Fraction, knowledge: Knowledge) -> bool:
    """Both on room air, or recorded fractions that differ by no more than `fio2_like`."""
    if one.value is None or other.value is None:
        return False
    return (one.air and other.air) or knowledge.parameter("fio2_like").holds(abs(one.value - other.value))


def gas_exchange(facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> tuple[Finding, Finding, Finding]:
    """`respiratoryFailure`, `pao2Decline` and their OR `gasExchange`, with windows ending at `at`."""
    chosen = index_gas(facts, at, now, knowledge)
    failure = _failure(chosen, facts, at, now, knowledge)
    decline = _decline(chosen, facts, at, knowledge)
    return failure, decline, disjunction("gasExchange", (failure, decline))


def _failure(chosen: Choice, facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> Finding:
    ratio = _reported_ratio(facts, at, now, knowledge)
    if ratio:
        return ratio
    if not chosen.value:
        return chosen.unknown(FAILURE)
    gases = [chosen.value, *contradicting(chosen.value, facts, knowledge, at)]
    return results.settled([failure_of(gas, facts, at, knowledge) for gas in gases])


def failure_of(gas: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """Whether one arterial gas shows respiratory failure."""
    oxygen = fraction_of(gas, facts, knowledge, at)
    words, evidence = f"PaO2 {shown(gas)}, {oxygen.printed}", (gas.reference, *oxygen.evidence)
    low = compare(gas, knowledge.parameter("resp_failure_pao2"))
    if low is MET:
        return Finding(FAILURE, MET, words, evidence, FAILURE_PARAMETERS)
    if oxygen.value is not None and not oxygen.air:
        low = ratio_below(gas, oxygen.value, knowledge.number("pf_failure"), knowledge.truth("berlin_inclusive"))
        words = f"{words}, P/F {printed_ratio(gas, oxygen.value)}"
    if low is UNKNOWN:
        return unknown(FAILURE, Reason.COMPARATOR, words, evidence, FAILURE_PARAMETERS)
    if oxygen.value is None:
        return unknown(FAILURE, oxygen.reason, words, evidence, FAILURE_PARAMETERS)
    return Finding(FAILURE, low, words, evidence, FAILURE_PARAMETERS)


def ratio_below(gas: Measurement, fraction: Decimal, limit: Decimal, inclusive: bool = False) -> Status:
    """PaO2 / FiO2 below a limit, without dividing; a comparator leaves it open (K8)."""
    if gas.comparator:
        return UNKNOWN
    pressure, border = value_of(gas), limit * fraction
    return MET if pressure < border or (inclusive and pressure == border) else NOT_MET


def printed_ratio(gas: Measurement, fraction: Decimal) -> str:
    """P/F for print, one decimal."""
    return f"{gas.comparator}{value_of(gas) / fraction:.1f} mmHg"


def _reported_ratio(facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> Finding | None:
    """A reported arterial P/F below the limit, with evidence of oxygen in the same hour."""
    window = gas_window(facts, at, now, knowledge)
    chosen = results.choose(results.of(facts, "pf-ratio"), at, window, Reason.NO_DATA, "P/F ratio").value
    if not chosen or chosen.comparator.startswith(">"):
        return None
    value, limit = value_of(chosen), knowledge.number("pf_failure")
    low = (
        value < limit
        or (knowledge.truth("berlin_inclusive") and value == limit)
        or (bool(chosen.comparator) and value <= limit)
    )
    oxygen = oxygen_evidence(facts, time_of(chosen), knowledge.window("fio2_pair_minutes"), knowledge)
    if not low or not oxygen:
        return None
    words = f"reported P/F {shown(chosen)} with {oxygen[0]}"
    return Finding(FAILURE, MET, words, (chosen.reference, oxygen[1]), FAILURE_PARAMETERS)


def _decline(chosen: Choice, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    if not chosen.value:
        return chosen.unknown(DECLINE)
    before = baseline_of(chosen.value, facts, at, knowledge)
    if not before:
        what = f"PaO2 {shown(chosen.value)}: no arterial gas in the month before it to compare with"
        return unknown(DECLINE, Reason.NO_BASELINE, what, (chosen.value.reference,), DECLINE_PARAMETERS)
    pairs = [
        (index, base)
        for index in (chosen.value, *contradicting(chosen.value, facts, knowledge, at))
        for base in (before, *contradicting(before, facts, knowledge, at))
    ]
    return results.settled([decline_of(index, base, facts, at, knowledge) for index, base in pairs])


def baseline_of(index: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Measurement | None:
    """The oldest arterial gas in the month before the index gas and at least a day before it."""
    longest, shortest = knowledge.window("baseline_max_days"), knowledge.window("pao2_min_hours")
    earlier = [
        m
        for m in results.readable(results.of(facts, "pao2"), at)
        if within(time_of(m), time_of(index), longest) is MET and _at_least(m, index, shortest)
    ]
    return earlier[-1] if earlier else None


def _at_least(earlier: Measurement, later: Measurement, window: Window) -> bool:
    return time_of(later).earliest - time_of(earlier).latest >= window.span


def decline_of(index: Measurement, base: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """Whether the oxygen pressure fell between two gases, as far as their inspired oxygen lets them be compared."""
    now_on, then_on = fraction_of(index, facts, knowledge, at), fraction_of(base, facts, knowledge, at)
    words = f"PaO2 {shown(base)} ({then_on.printed}), then {shown(index)} ({now_on.printed})"
    evidence = (base.reference, index.reference, *then_on.evidence, *now_on.evidence)
    if index.comparator or base.comparator:
        return unknown(DECLINE, Reason.COMPARATOR, words, evidence, DECLINE_PARAMETERS)
    fell = knowledge.parameter("pao2_drop_mmHg").holds(value_of(base) - value_of(index))
    if _comparable(now_on, then_on, fell, knowledge):
        return Finding(DECLINE, MET if fell else NOT_MET, words, evidence, DECLINE_PARAMETERS)
    return unknown(DECLINE, Reason.NOT_COMPARABLE, f"{words}: not comparable", evidence, DECLINE_PARAMETERS)


def _comparable(now_on: Fraction, then_on: Fraction, fell: bool, knowledge: Knowledge) -> bool:
    """Like oxygen decides both ways; more oxygen only a fall, less oxygen only its absence."""
    if now_on.value is None or then_on.value is None:
        return False
    if like_oxygen(now_on, then_on, knowledge):
        return True
    return fell if now_on.value > then_on.value else not fell
