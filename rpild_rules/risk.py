"""Predicates that steer the cards: high risk, lung evidence, other causes, quiet course, blindness to gases (decisions section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rpild_rules import attested, oxygen, results
from rpild_rules.concepts import ILD_GROUP, MECHANICAL, ONSET_CONCEPTS, STAY_REASONS
from rpild_rules.definition import CONDITIONS
from rpild_rules.diagnoses import dated_within, dates, having, may_be_dated_within, symptoms
from rpild_rules.facts import Diagnosis, Meaning, Measurement, PatientFacts
from rpild_rules.findings import MET, Finding, Reason
from rpild_rules.gas_exchange import gas_window
from rpild_rules.knowledge import Knowledge
from rpild_rules.lung_function import fell_late
from rpild_rules.stays import OPEN, acute
from rpild_rules.when import When, within

EXPLAINING = frozenset(
    {"covid-19", "influenza", "pjp", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis"}
)
OTHER_CAUSES = frozenset(
    {"pneumonia", "covid-19", "pjp", "vap", "vte", "pneumomediastinum", "pneumothorax", "drug-ild", "hypersensitivity-pneumonitis",
     "radiation-pneumonitis", "heart-failure"}
)  # fmt: skip
VIRAL_TESTS = {"sars-cov-2-rna": "covid-19", "influenza-a-rna": "influenza", "influenza-b-rna": "influenza"}


@dataclass(frozen=True, slots=True)
class Cause:
    """Another documented cause: its concept, its words with date, and where it stands in the record."""

    concept: str
    words: str
    reference: str

    @property
    def explains(self) -> bool:
        """Whether it can explain a new rapid ILD by itself."""
        return self.concept in EXPLAINING


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
    return acute(facts, now, now) and any(s.status in OPEN and s.reasons & STAY_REASONS for s in facts.stays)


def low_saturation(
    facts: PatientFacts, limit: str, now: When, knowledge: Knowledge, on_air: bool
) -> Measurement | None:
    """The newest pulse oximetry of the gas window if it is below a limit, and on room air where that is asked."""
    window = gas_window(facts, now, now, knowledge)
    m = results.choose(results.of(facts, "spo2"), now, window, Reason.NO_DATA, "SpO2").value
    if not m or results.compare(m, knowledge.parameter(limit)) is not MET:
        return None
    return m if not on_air or _on_air(m, facts, knowledge) else None


def _on_air(m: Measurement, facts: PatientFacts, knowledge: Knowledge) -> bool:
    if m.variant == "room-air":
        return True
    return bool(oxygen.room_air_at(facts, results.time_of(m), knowledge.window("fio2_pair_minutes"), knowledge))


def _cough(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    return any(dated_within(d, now, knowledge.window("cough_days")) for d in symptoms(facts, {"cough"}, now, knowledge))


def lung_evidence(found: dict[str, Finding], facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Something in the record shows disease of the lung itself."""
    if having(facts, ILD_GROUP) or any(found[c].met for c in ("lungFunctionDecline", "hrctIncrease", "gasExchange")):
        return True
    if found["ctWorsening"].met or attested.says(
        facts, "bilateral-infiltrates", now, knowledge.window("attestation_days")
    ):
        return True
    return attested.says(facts, "ggo-all-six-fields", now, knowledge.window("six_fields_days")) is True


def other_causes(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[Cause]:
    """Documented causes of the last month that fit the same picture."""
    window = knowledge.window("other_cause_days")
    found = [
        Cause(concept, f"{d.printed} ({_date(d)})", d.reference)
        for d in having(facts, OTHER_CAUSES)
        if may_be_dated_within(d, now, window)
        for concept in sorted(d.concepts & OTHER_CAUSES)
    ]
    return sorted({*found, *_viral(facts, now, knowledge)}, key=lambda cause: (cause.concept, cause.reference))


def _date(d: Diagnosis) -> str:
    times = [when.printed for when in dates(d)]
    return times[0] if times else "undated"


def _viral(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[Cause]:
    window = knowledge.window("other_cause_days")
    for r in facts.results:
        if (
            r.concept in VIRAL_TESTS
            and r.valid
            and r.meaning is Meaning.POSITIVE
            and r.when
            and within(r.when.cut(now), now, window) is MET
        ):
            yield Cause(VIRAL_TESTS[r.concept], f"{r.concept} positive ({r.when.printed})", r.reference)


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
        or oxygen.oxygen_evidence(facts, now, knowledge.window("c1_oxygen_days"), knowledge) is not None
    )


def quiet(facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Nothing respiratory for three months, outside acute care."""
    window, valid = knowledge.window("quiet_days"), knowledge.window("attestation_days")
    if acute(facts, now, now) or oxygen.oxygen_evidence(facts, now, window, knowledge):
        return False
    if any(may_be_dated_within(d, now, window) for d in symptoms(facts, ONSET_CONCEPTS | {"cough"}, now, knowledge)):
        return False
    return not any(attested.says(facts, code, now, valid) for code in ("progressive-dyspnoea", "ct-worsening"))


def gas_blind(facts: PatientFacts, now: When, knowledge: Knowledge) -> str:
    """The support under which no arterial gas of the last day exists; empty if there is one, or no such support."""
    window = knowledge.window("blind_hours")
    if results.choose(results.of(facts, "pao2"), now, window, Reason.NO_DATA, "PaO2").value:
        return ""
    used = oxygen.used_within(facts, MECHANICAL, now, window)
    if used:
        return used[0].concept.replace("-", " ")
    high = highest_fraction(facts, now, "blind_hours", knowledge)
    return f"FiO2 {high.printed}" if high and knowledge.parameter("blind_fio2").holds(results.value_of(high)) else ""


def highest_fraction(facts: PatientFacts, now: When, hours: str, knowledge: Knowledge) -> Measurement | None:
    """The highest recorded inspired oxygen of a window before now."""
    window = knowledge.window(hours)
    near = [
        m
        for m in results.readable(results.of(facts, "fio2"), now)
        if not m.estimated and not m.comparator.startswith("<")
    ]
    recent = [m for m in near if within(results.time_of(m).cut(now), now, window) is MET]
    return max(recent, key=lambda m: (results.value_of(m), m.reference), default=None)
