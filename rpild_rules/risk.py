"""Predicates that steer the cards: risk, lung evidence, other causes, quiet course, no gas (decisions section 6)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rpild_rules import attested, oxygen, results
from rpild_rules.concepts import ILD_GROUP, MECHANICAL, ONSET_CONCEPTS, STAY_REASONS
from rpild_rules.definition import CONDITIONS
from rpild_rules.diagnoses import dated_within, dates, having, history, may_be_dated_within, present
from rpild_rules.facts import Diagnosis, Meaning, Measurement, PatientFacts
from rpild_rules.findings import MET, Finding, Reason
from rpild_rules.gas_exchange import gas_window
from rpild_rules.knowledge import Knowledge
from rpild_rules.lung_function import fell_late
from rpild_rules.oxygen_use import oxygen_evidence
from rpild_rules.stays import acute
from rpild_rules.support import highest_fraction, in_use, needs_much_oxygen, used_within
from rpild_rules.when import When, lately

EXPLAINING = frozenset(
    {"covid-19", "influenza", "pjp", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis"}
)
OTHER_CAUSES = (EXPLAINING - {"influenza"}) | {
    "pneumonia", "vap", "vte", "pneumomediastinum", "pneumothorax", "heart-failure",
}  # fmt: skip
VIRAL_TESTS = {"sars-cov-2-rna": "covid-19", "influenza-a-rna": "influenza", "influenza-b-rna": "influenza"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Another documented cause: its concept, its words with date, and where it stands in the record.

    `dated` is false where its date only may lie in the window: it is shown, but explains nothing away.
    """

    concept: str
    words: str
    reference: str
    dated: bool = True

    @property
    def explains(self) -> bool:
        """Whether it can explain a new rapid ILD by itself."""
        return self.dated and self.concept in EXPLAINING


def high_risk(
    found: dict[str, Finding], facts: PatientFacts, context: str, weak_gate: bool, now: When, knowledge: Knowledge
) -> list[str]:
    """The risk facts that make an undetermined picture urgent, in words; empty if none. Unknown parts do not count."""
    counts = not weak_gate or _acute_for_the_lungs(facts, now)
    facts_of_risk = [found[flag].because for flag in ("ferritin828", "aado2of32") if found[flag].met and counts]
    onset = found["onsetWithinOneMonth"]
    if onset.met or (counts and Reason.IMPRECISE_DATE in onset.reasons):
        facts_of_risk.append(onset.because)
    facts_of_risk += [found[c].because for c in CONDITIONS if found[c].met]
    low = low_saturation(facts, "spo2_low", now, knowledge, on_air=True)
    facts_of_risk += [f"SpO2 {results.shown(low)} on room air"] if low else []
    late = fell_late(facts, now, knowledge)
    facts_of_risk += [late.because] if late else []
    if context == "confirmed" and _cough(facts, now, knowledge):
        facts_of_risk.append("cough in the last month")
    return facts_of_risk


def _acute_for_the_lungs(facts: PatientFacts, now: When) -> bool:
    stays = tuple(s for s in facts.stays if s.reasons & STAY_REASONS)
    return acute(replace(facts, stays=stays), now, now)


def low_saturation(
    facts: PatientFacts, limit: str, now: When, knowledge: Knowledge, on_air: bool
) -> Measurement | None:
    """The newest pulse oximetry of the gas window (on room air, where that is asked) if it is below a limit."""
    window = gas_window(facts, now, now, knowledge)
    recent = results.around(results.of(facts, "spo2"), now, window)
    known = (m for m in recent if not on_air or _on_air(m, facts, knowledge))
    placed = (m for m in known if m.valid and results.trouble(m, now) is None)
    m = next((m for m in placed if lately(results.time_of(m), now, window) is MET), None)
    return m if m and results.compare(m, knowledge.parameter(limit)) is MET else None


def _on_air(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> bool:
    if m.variant == "room-air":
        return True
    return m.when is not None and bool(
        oxygen.room_air_at(facts, m.when, knowledge.window("fio2_pair_minutes"), knowledge)
    )


def _cough(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return any(dated_within(d, now, knowledge.window("cough_days")) for d in present(facts, {"cough"}))


def lung_evidence(found: dict[str, Finding], facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Something in the record shows disease of the lung itself."""
    shown = ("lungFunctionDecline", "hrctIncrease", "gasExchange", "ctWorsening")
    if having(facts, ILD_GROUP) or any(found[c].met for c in shown) or bilateral_infiltrates(facts, now, knowledge):
        return True
    return attested.says(facts, "ggo-all-six-fields", now, knowledge.window("six_fields_days")) is True


def bilateral_infiltrates(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Attested of both lungs, and neither old nor overtaken by a newer CT or film."""
    return attested.says(facts, "bilateral-infiltrates", now, knowledge.window("attestation_days")) is True


def other_causes(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[Cause]:
    """Documented causes of the last month that fit the same picture."""
    window = knowledge.window("other_cause_days")
    found = [
        Cause(concept, f"{d.printed} ({_date(d)})", d.reference, dated_within(d, now, window))
        for d in having(facts, OTHER_CAUSES)
        if may_be_dated_within(d, now, window)
        for concept in sorted(d.concepts & OTHER_CAUSES)
    ]
    tested = [
        Cause(VIRAL_TESTS[r.concept], f"{knowledge.texts.label('cause', r.concept)} ({r.when.printed})", r.reference)
        for r in facts.results
        if r.concept in VIRAL_TESTS and r.valid and r.meaning is Meaning.POSITIVE and r.when
        if lately(r.when, now, window) is MET
    ]
    return sorted({*found, *tested}, key=lambda cause: (cause.concept, cause.reference))


def _date(d: Diagnosis) -> str:
    return next((when.printed for when in dates(d)), "undated")


def lung_signal(found: dict[str, Finding], facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Any sign from the lung that makes a work-up worth a card."""
    onset = found["onsetWithinOneMonth"]
    return (
        bool(having(facts, ILD_GROUP))
        or onset.met
        or Reason.IMPRECISE_DATE in onset.reasons
        or found["dyspnoeaShown"].met
        or any(found[c].met for c in CONDITIONS)
        or low_saturation(facts, "spo2_note", now, knowledge, on_air=False) is not None
        or oxygen_evidence(facts, now, knowledge.window("c1_oxygen_days"), knowledge) is not None
    )


def quiet(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Nothing respiratory for three months, outside acute care; needs the elements that would tell (K11)."""
    window = knowledge.window("quiet_days")
    if acute(facts, now, now) or not all(facts.read(element) for element in ("E-COND", "E-O2", "E-ATT")):
        return False
    if oxygen_evidence(facts, now, window, knowledge):
        return False
    if any(may_be_dated_within(d, now, window) for d in history(facts, ONSET_CONCEPTS | {"cough"})):
        return False
    return not any(attested.says(facts, code, now, window) for code in ("progressive-dyspnoea", "ct-worsening"))


def gas_blind(facts: PatientFacts, now: When, knowledge: Knowledge) -> str:
    """The support under which no arterial gas of the last day exists; empty if there is one, or no such support."""
    window = knowledge.window("blind_hours")
    gas = results.choose(results.of(facts, "pao2"), now, window, Reason.NO_DATA, "PaO2").value
    if gas or not facts.read("E-GAS"):
        return ""
    used = in_use(facts, MECHANICAL, now, window) or used_within(facts, MECHANICAL, now, window)
    if used:
        return knowledge.texts.label("support", used[0].concept)
    high = highest_fraction(facts, now, window, knowledge)
    return f"FiO2 {results.printed(high)}" if high and needs_much_oxygen(high, "blind_fio2", knowledge) else ""
