"""Criterion C4: respiratory failure on an arterial gas, and the fall of the arterial oxygen pressure (decisions 4)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from rpild_rules import doubts, results
from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Reason, Status, all_of, disjunction, foremost, unknown
from rpild_rules.knowledge import Knowledge, Parameter
from rpild_rules.oxygen import Fraction, fraction_of, fractions_of
from rpild_rules.oxygen_use import oxygen_beside
from rpild_rules.results import Choice, compare, shown, time_of, value_of
from rpild_rules.stays import acute
from rpild_rules.when import When, Window, after, at_least_before, near, within

FAILURE, DECLINE = "respiratoryFailure", "pao2Decline"
FAILURE_PARAMETERS = ("resp_failure_pao2", "pf_failure")
DECLINE_PARAMETERS = ("pao2_drop_mmHg", "pao2_min_hours", "fio2_like")
Version = tuple[Measurement, Fraction]
SPOILT = frozenset({Reason.UNIT, Reason.COMPARATOR, Reason.CONFLICT})


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
    return first.value is None or second.value is None or _like_oxygen(first, second, knowledge)


def _like_oxygen(one: Fraction, other: Fraction, knowledge: Knowledge) -> bool:
    """Both on room air, or recorded fractions that differ by no more than `fio2_like`."""
    assert one.value is not None
    assert other.value is not None
    return (one.air and other.air) or knowledge.parameter("fio2_like").holds(abs(one.value - other.value))


def gas_exchange(facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> tuple[Finding, Finding, Finding]:
    """`respiratoryFailure`, `pao2Decline` and their OR `gasExchange`, with windows ending at `at`."""
    chosen = index_gas(facts, at, now, knowledge)
    failure = _failure(chosen, facts, at, now, knowledge)
    decline = _decline(chosen, facts, at, knowledge)
    return failure, decline, disjunction("gasExchange", (failure, decline))


def _failure(chosen: Choice, facts: PatientFacts, at: When, now: When, knowledge: Knowledge) -> Finding:
    reported = results.choose(
        results.of(facts, "pf-ratio"), at, gas_window(facts, at, now, knowledge), Reason.NO_DATA, "reported P/F ratio"
    )
    by_ratio = _reported_ratio(reported.value, facts, at, knowledge) if reported.value else None
    if not chosen.value:
        return by_ratio or (reported if reported.reason in SPOILT else chosen).unknown(FAILURE)

    def judged(m: Measurement) -> Finding:
        return results.settled([failure_on(gas, air, knowledge) for gas, air in _versions(m, facts, knowledge, at)])

    said = results.of(facts, "pao2")
    found = doubts.doubted(judged(chosen.value), said, chosen.value, at, doubts.dated(judged))
    if not by_ratio or not reported.value or found.met:
        return found
    # A decided gas of a later hour is newer knowledge than the ratio of an earlier one.
    return found if not found.unknown and _later(chosen.value, reported.value, knowledge) else by_ratio


def _later(gas: Measurement, ratio: Measurement, knowledge: Knowledge) -> bool:
    together = near(time_of(gas), time_of(ratio), knowledge.window("fio2_pair_minutes")) is not NOT_MET
    return after(time_of(gas), time_of(ratio)) and not together


def failure_on(gas: Measurement, oxygen: Fraction, knowledge: Knowledge) -> Finding:
    """Whether one arterial gas on one inspired oxygen shows respiratory failure."""
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


def _ratio_limit(knowledge: Knowledge) -> Parameter:
    limit = knowledge.parameter("pf_failure")
    return replace(limit, test="at most") if knowledge.truth("berlin_inclusive") else limit


def _reported_ratio(ratio: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding | None:
    """A reported arterial P/F below the limit, with evidence of oxygen in the same hour."""
    limit, said = _ratio_limit(knowledge), results.of(facts, "pf-ratio")
    reported = [ratio, *results.rivals(ratio, said, knowledge, at, results.same)]
    if any(compare(each, limit) is not MET for each in reported):
        return None
    oxygen = oxygen_beside(facts, time_of(ratio), knowledge.window("fio2_pair_minutes"), knowledge)
    if not oxygen:
        return None
    words = f"reported P/F {shown(ratio)} with {oxygen[0]}"
    return Finding(FAILURE, MET, words, (ratio.reference, oxygen[1]), FAILURE_PARAMETERS)


def _decline(chosen: Choice, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    if not chosen.value:
        return chosen.unknown(DECLINE)

    def judged(m: Measurement) -> Finding:
        return _declined(m, facts, at, knowledge)

    said = results.of(facts, "pao2")
    return doubts.doubted(judged(chosen.value), said, chosen.value, at, doubts.dated(judged))


def _declined(gas: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """The fall from the baseline to one gas."""
    before = baseline_of(gas, facts, at, knowledge)
    if not before:
        return _alone(gas, facts, at, knowledge)
    declines = [
        decline_of(index, base, knowledge)
        for index in _versions(gas, facts, knowledge, at)
        for base in _versions(before, facts, knowledge, at)
    ]
    return results.settled(declines)


def _alone(gas: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Finding:
    """A gas without an earlier one; of several that contradict each other none is told as the one that counts (K6)."""
    versions, said = _versions(gas, facts, knowledge, at), results.of(facts, "pao2")
    gases = list(dict.fromkeys(f"PaO2 {shown(each)}" for each, _ in versions))
    refs = tuple(dict.fromkeys(ref for each, air in versions for ref in (each.reference, *air.evidence)))
    what = f"{gases[0]}: no arterial gas in the month before it to compare with"
    if len(gases) > 1:
        what = "no arterial gas in the month before to compare with"
    alone = unknown(DECLINE, Reason.NO_BASELINE, what, (gas.reference,), DECLINE_PARAMETERS)
    earlier = [m for m in said if _serves(m, gas, knowledge)]
    found = doubts.spoilt_baseline(doubts.vague_baseline(alone, _perhaps(gas, facts, knowledge)), earlier, at)
    return doubts.contradicted(found, gases, refs) if len(gases) > 1 else found


def _versions(gas: Measurement, facts: PatientFacts, knowledge: Knowledge, at: When) -> list[Version]:
    """A gas and those that contradict it, each on every inspired oxygen that was recorded for it (K6)."""
    gases = (gas, *contradicting(gas, facts, knowledge, at))
    return [(each, oxygen) for each in gases for oxygen in fractions_of(each, facts, knowledge, at)]


def baseline_of(index: Measurement, facts: PatientFacts, at: When, knowledge: Knowledge) -> Measurement | None:
    """The oldest arterial gas in the month before the index gas and at least a day before it."""
    longest = knowledge.window("baseline_max_days")
    for m in reversed(results.around(results.of(facts, "pao2"), time_of(index), longest)):
        if results.readable((m,), at) and _serves(m, index, knowledge):
            return m
    return None


def _serves(m: Measurement, index: Measurement, knowledge: Knowledge) -> bool:
    return _place(m, index, knowledge) is MET


def _place(m: Measurement, index: Measurement, knowledge: Knowledge) -> Status:
    """Whether it is dated in the month before the index gas and at least a day before it."""
    if m.when is None:
        return UNKNOWN
    far_enough = at_least_before(m.when, time_of(index), knowledge.window("pao2_min_hours"))
    return all_of((within(m.when, time_of(index), knowledge.window("baseline_max_days")), far_enough))


def _perhaps(index: Measurement, facts: PatientFacts, knowledge: Knowledge) -> list[Measurement]:
    """Valid gases of a vague date that may serve as the baseline."""
    gases = (m for m in results.of(facts, "pao2") if m is not index and m.valid and m.when)
    return [m for m in gases if _place(m, index, knowledge) is UNKNOWN]


def decline_of(later: Version, earlier: Version, knowledge: Knowledge) -> Finding:
    """Whether the oxygen pressure fell between two gases, as far as their inspired oxygen lets them be compared."""
    (index, now_on), (base, then_on) = later, earlier
    words = f"PaO2 {shown(base)} ({then_on.printed}), then {shown(index)} ({now_on.printed})"
    evidence = (base.reference, index.reference, *then_on.evidence, *now_on.evidence)
    if index.comparator or base.comparator:
        return unknown(DECLINE, Reason.COMPARATOR, words, evidence, DECLINE_PARAMETERS)
    fell = knowledge.parameter("pao2_drop_mmHg").holds(value_of(base) - value_of(index))
    if _comparable(now_on, then_on, fell, knowledge):
        told = f"{words}: {_moved(value_of(base) - value_of(index))}"
        return Finding(DECLINE, MET if fell else NOT_MET, told, evidence, DECLINE_PARAMETERS)
    spoilt = (each.reason for each in (now_on, then_on) if each.value is None)
    reason = foremost((Reason.NOT_COMPARABLE, *spoilt))
    return unknown(DECLINE, reason, f"{words}: not comparable", evidence, DECLINE_PARAMETERS)


def _moved(fall: Decimal) -> str:
    change = f"{abs(fall):.1f}".removesuffix(".0")
    return f"fall of {change} mmHg" if fall >= 0 else f"rise of {change} mmHg"


def _comparable(now_on: Fraction, then_on: Fraction, fell: bool, knowledge: Knowledge) -> bool:
    """Like oxygen decides both ways; more oxygen only a fall, less oxygen only its absence."""
    if now_on.value is None or then_on.value is None:
        return False
    if _like_oxygen(now_on, then_on, knowledge):
        return True
    return fell if now_on.value > then_on.value else not fell
