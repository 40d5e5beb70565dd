"""Published risk flags and the Kurasawa count: each for itself with its cohort, never a score (decisions section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from rpild_rules import attested, doubts, results
from rpild_rules.antibodies import tests_of
from rpild_rules.facts import Meaning, Measurement, PatientFacts
from rpild_rules.findings import MET, NOT_MET, Finding, Reason, disjunction, unknown
from rpild_rules.gas_exchange import SPOILT, contradicting, gas_window
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import Fraction, fractions_of
from rpild_rules.results import Choice, compare, compared, shown, time_of, value_of
from rpild_rules.when import When, after, gap, near

FLAGS = ("ferritin828", "ferritin1000", "ferritin1500", "aado2of32", "ldh400", "crp13", "lymphocytes500", "ro52")
THRESHOLDS = {
    "ferritin828": ("ferritin", "E-FERR", "ferritin_flag"),
    "ferritin1000": ("ferritin", "E-FERR", "kurasawa_ferritin"),
    "ferritin1500": ("ferritin", "E-FERR", "ferritin_tier"),
    "ldh400": ("ldh", "E-INFL", "ldh_flag"),
    "crp13": ("crp", "E-INFL", "crp_flag"),
    "lymphocytes500": ("lymphocytes-abs", "E-CBC", "lymphocytes_flag"),
}


@dataclass(frozen=True, slots=True)
class Kurasawa:
    """How many of the three conditions are met (PROG-3), and the names of those that are not known."""

    met: int
    of: int
    parts: tuple[Finding, ...] = ()


def threshold_flag(id: str, facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """A flag that compares the newest recent value with one published limit."""
    concept, element, name = THRESHOLDS[id]
    return above_limit(id, results.of(facts, concept), facts.why_absent(element), name, now, knowledge)


def above_limit(
    id: str, values: list[Measurement], absent: Reason, name: str, now: When, knowledge: Knowledge, days: str = ""
) -> Finding:
    """The newest value in its window against a parameter."""
    parameter = knowledge.parameter(name)
    concept = values[0].concept if values else THRESHOLDS.get(id, (id,))[0]
    label = knowledge.texts.label("input", concept)
    chosen = results.choose(values, now, knowledge.window(days or "flag_max_age_days"), absent, label)
    if not chosen.value:
        return chosen.unknown(id)
    candidates = (chosen.value, *results.rivals(chosen.value, values, knowledge, now, results.same))
    words = f"{parameter.test} {parameter.printed} {parameter.unit}"
    found = results.settled([_compared(id, m, name, words, knowledge) for m in candidates])
    return doubts.doubted(found, values, chosen.value, now, lambda m: compare(m, parameter))


def _compared(id: str, m: Measurement, name: str, words: str, knowledge: Knowledge) -> Finding:
    status, label = compare(m, knowledge.parameter(name)), knowledge.texts.label("input", m.concept)
    basis = f"{label} {shown(m)} (limit: {words})"
    if status not in (MET, NOT_MET):
        return unknown(id, Reason.COMPARATOR, basis, (m.reference,), (name,))
    return Finding(id, status, basis, (m.reference,), (name,))


def ro52(facts: PatientFacts) -> Finding:
    """Whether the newest final anti-Ro52 is positive, of any age; an unreadable one never hides a readable one."""
    found = tests_of(facts, {"anti-ro52"})
    if not found:
        return unknown("ro52", facts.why_absent("E-MSA"), "anti-Ro52: no result")
    newest = next((r for r in found if r.meaning is not Meaning.UNREADABLE), found[0])
    words = f"anti-Ro52 {newest.printed}" + (f" on {newest.when.printed}" if newest.when else "")
    if newest.meaning in (Meaning.POSITIVE, Meaning.WEAK):
        return Finding("ro52", MET, words, (newest.reference,))
    if newest.meaning is Meaning.NEGATIVE:
        return Finding("ro52", NOT_MET, words, (newest.reference,))
    return unknown("ro52", Reason.UNSTRUCTURED, f"{words}: neither positive nor negative", (newest.reference,))


TELLING = SPOILT | {Reason.IMPRECISE_DATE}  # why a reported gradient that exists cannot be used
AADO2, AADO2_PARAMETERS = "aado2of32", ("aado2_flag", "aado2_room_air_only", "barometric_mmHg")


def aado2(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    """`aado2of32`: the alveolar-arterial oxygen difference of the index gas, or as reported if a part is missing."""
    window = gas_window(facts, now, now, knowledge)
    gas = results.choose(results.of(facts, "pao2"), now, window, facts.why_absent("E-GAS"), "arterial PaO2")
    reported = results.choose(results.of(facts, "aa-gradient"), now, window, Reason.NO_DATA, "A-a gradient")
    by_gas = _by_gas(gas, facts, now, knowledge)
    complete = gas.value and _complete(gas.value, facts, now, knowledge)
    if complete or (not reported.value and reported.reason not in TELLING):
        return by_gas
    found = _reported(reported.value, facts, now, knowledge) if reported.value else reported.unknown(AADO2)
    return disjunction(AADO2, (by_gas, found)) if found.unknown else found


def _by_gas(gas: Choice, facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    if not gas.value:
        return gas.unknown(AADO2)

    def judged(m: Measurement) -> Finding:
        return results.settled([*_gradients(m, facts, now, knowledge)])

    return doubts.doubted(judged(gas.value), results.of(facts, "pao2"), gas.value, now, doubts.dated(judged))


def _complete(gas: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    oxygen, carbon = fractions_of(gas, facts, knowledge, now)[0], _paco2(gas, facts, now, knowledge)
    return oxygen.value is not None and carbon is not None and not gas.comparator and not carbon.comparator


def _gradients(gas: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[Finding]:
    """By the gas and those that contradict it, on every inspired oxygen and carbon dioxide recorded for each (K6)."""
    for each in (gas, *contradicting(gas, facts, knowledge, now)):
        carbon = _paco2(each, facts, now, knowledge)
        others = results.rivals(carbon, results.of(facts, "paco2"), knowledge, now, results.same) if carbon else []
        for oxygen in fractions_of(each, facts, knowledge, now):
            yield from (_gradient(each, oxygen, c, facts, knowledge) for c in (carbon, *others))


def _gradient(
    gas: Measurement, oxygen: Fraction, carbon: Measurement | None, facts: PatientFacts, knowledge: Knowledge
) -> Finding:
    words, evidence = f"PaO2 {shown(gas)}, {oxygen.printed}", (gas.reference, *oxygen.evidence)
    if oxygen.value is None:
        what = f"{words}: no gradient without the inspired oxygen"
        return unknown(AADO2, oxygen.reason, what, evidence, AADO2_PARAMETERS)
    if not carbon:
        return unknown(AADO2, facts.why_absent("E-GAS"), f"{words}: no PaCO2 with it", evidence, AADO2_PARAMETERS)
    words, evidence = f"{words}, PaCO2 {compared(carbon)}", (*evidence, carbon.reference)
    if gas.comparator or carbon.comparator:
        return unknown(AADO2, Reason.COMPARATOR, words, evidence, AADO2_PARAMETERS)
    fraction = knowledge.number("room_air_fio2") if oxygen.air else oxygen.value
    difference = gradient(fraction, value_of(carbon), value_of(gas), knowledge)
    return _judged(difference, f"A-aDO2 {difference:.1f} mmHg from {words}", evidence, oxygen, knowledge)


def gradient(fraction: Decimal, paco2: Decimal, pao2: Decimal, knowledge: Knowledge) -> Decimal:
    """A-aDO2 in mmHg: FiO2 x (Pb - water vapour) - PaCO2 / RQ - PaO2, not rounded."""
    dry = knowledge.number("barometric_mmHg") - knowledge.number("water_vapour_mmHg")
    return fraction * dry - paco2 / knowledge.number("respiratory_quotient") - pao2


def _judged(
    difference: Decimal, words: str, evidence: tuple[str, ...], oxygen: Fraction, knowledge: Knowledge
) -> Finding:
    if not oxygen.air and knowledge.truth("aado2_room_air_only"):
        what = f"{words}: the gradient grows with oxygen alone"
        return unknown(AADO2, Reason.NOT_COMPARABLE, what, evidence, AADO2_PARAMETERS)
    met = knowledge.parameter("aado2_flag").holds(difference)
    return Finding(AADO2, MET if met else NOT_MET, words, evidence, AADO2_PARAMETERS)


def _paco2(gas: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> Measurement | None:
    """The carbon dioxide of the same gas: same report or specimen, else within an hour; the nearest, then the newest
    (K5)."""
    found = results.readable(results.of(facts, "paco2"), now)
    together = [m for m in found if m.groups & gas.groups]
    window = knowledge.window("fio2_pair_minutes")
    close = [m for m in found if near(time_of(m), time_of(gas), window) is MET]
    return min(together or close, key=lambda m: abs(time_of(m).latest - time_of(gas).latest), default=None)


def _reported(m: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    told, words = fractions_of(m, facts, knowledge, now), f"reported A-a gradient {shown(m)}"
    on_oxygen = all(each.value is not None and not each.air for each in told)
    if on_oxygen and knowledge.truth("aado2_room_air_only"):
        what = f"{words}, {told[0].printed}: the gradient grows with oxygen alone"
        return unknown(AADO2, Reason.NOT_COMPARABLE, what, (m.reference,), AADO2_PARAMETERS)
    noted = words if told[0].value is not None else f"{words}, inspired oxygen not recorded"
    return _compared(AADO2, m, "aado2_flag", noted, knowledge)


def kurasawa(facts: PatientFacts, t0: When | None, worsening: Finding, now: When, knowledge: Knowledge) -> Kurasawa:
    """The three conditions before and during therapy; only those met are counted."""
    parts = (
        _ferritin_before(facts, t0, now, knowledge),
        _all_fields(facts, now, knowledge),
        _worse_since(facts, t0, worsening),
    )
    return Kurasawa(sum(part.met for part in parts), len(parts), parts)


def _ferritin_before(facts: PatientFacts, t0: When | None, now: When, knowledge: Knowledge) -> Finding:
    """Ferritin above 1000 on the newest value at or before the start of therapy."""
    border = t0 or now
    said = results.of(facts, "ferritin")
    values = [m for m in said if m.when and gap(m.when, border, True)[0] >= timedelta()]
    absent = facts.why_absent("E-FERR")
    return above_limit(
        "ferritin before therapy", values, absent, "kurasawa_ferritin", border, knowledge, "kurasawa_ferritin_days"
    )


def _all_fields(facts: PatientFacts, now: When, knowledge: Knowledge) -> Finding:
    id, code = "all six lung fields", "ggo-all-six-fields"
    said = attested.in_force(facts, code, now, knowledge.window("six_fields_days"))
    if not said or not isinstance(said.value, bool):
        reason = Reason.UNSTRUCTURED if said else attested.why_silent(facts, code, now)
        return unknown(id, reason, "ground glass in all six lung fields: not attested")
    words = f"attested on {attested.time_of(said).printed}"
    return Finding(id, MET if said.value else NOT_MET, words, (said.reference,))


def _worse_since(facts: PatientFacts, t0: When | None, worsening: Finding) -> Finding:
    """A worse CT whose later picture is of after the start of therapy, by any statement that says so; a picture of the
    day on which therapy began may be of before or after it (K4)."""
    id = "infiltrates worse during therapy"
    if t0 is None:
        return Finding(id, NOT_MET, "no combination therapy")
    if not worsening.met:
        return Finding(id, worsening.status, worsening.because, worsening.evidence, missing=worsening.missing)
    ends = [attested.compared_cts(facts, a).end for a in attested.behind(facts, worsening)]
    known = sorted((end for end in ends if end), key=lambda when: when.latest, reverse=True)
    if not known:
        return unknown(id, Reason.IMPRECISE_DATE, "the dates of the compared CTs are not recorded", worsening.evidence)
    proven = next((end for end in known if after(end, t0)), None)
    if not proven and known[0].latest > t0.earliest:
        what = f"the later CT of {known[0].printed} may be of before or after the start of therapy"
        return unknown(id, Reason.IMPRECISE_DATE, what, worsening.evidence)
    words = f"later CT of {(proven or known[0]).printed}"
    return Finding(id, MET if proven else NOT_MET, words, worsening.evidence)


def ferritin_trend(facts: PatientFacts, t0: When | None, now: When, knowledge: Knowledge) -> str:
    """A line when the newest ferritin lies well above the lowest since therapy began; empty otherwise.

    A value with a comparator enters no trend, and a newest value with one leaves none.
    """
    values = results.readable(results.of(facts, "ferritin"), now)
    since = [m for m in values if t0 is None or time_of(m).latest >= t0.earliest]
    exact = [m for m in since if not m.comparator]
    if not exact or exact[0] is not since[0]:
        return ""
    newest, lowest = exact[0], min(exact, key=lambda m: (value_of(m), m.reference))
    rise = (value_of(newest) - value_of(lowest)) * 100
    if knowledge.parameter("ferritin_rise_pct").holds_ratio(rise, value_of(lowest)):
        return f"ferritin rising: {shown(lowest)}, then {shown(newest)}"
    return ""
