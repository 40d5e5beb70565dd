"""The two steps of a reading: what the gate asks for first, and what a diagnosis decides before any result is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fhir_mappings.chart import Chart, read_chart
from fhir_mappings.chart_reading import ChartReading
from fhir_mappings.queries import GATE_KEYS, KEYS
from fhir_mappings.reads import Answer, OtherPatientError, Pages
from rpild_rules.knowledge import load_knowledge
from tests.mappings.charts import answers, bundle, code, context, observation, patient, quantity, resource

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
KNOWLEDGE = load_knowledge()
SODIUM = observation("na", code(LOINC, "2951-2", text="Sodium"), valueQuantity=quantity(139, "mmol/L"))
FERRITIN = observation("f", code(LOINC, "2276-4"), valueQuantity=quantity(1600, "ng/mL"))
MDA5 = observation("m", code(LOINC, "82424-3"), valueCodeableConcept=code(SNOMED, "260385009", "Negative"))
ADULT = patient(birthDate="1971-03-04")


def diagnosis(value: str, text: str, verification: str = "confirmed") -> dict[str, Any]:
    """An active Condition."""
    status = "http://terminology.hl7.org/CodeSystem/condition"
    return resource(
        "Condition",
        "d",
        code=code(SNOMED, value, text),
        clinicalStatus=code(f"{status}-clinical", "active"),
        verificationStatus=code(f"{status}-ver-status", verification),
        recordedDate="2026-09-01",
    )


DERMATOMYOSITIS = diagnosis("396230008", "Dermatomyositis")
HYPERTENSION = diagnosis("38341003", "Hypertension")
REFUTED = diagnosis("396230008", "Dermatomyositis", "refuted")


@dataclass
class Prefetched:
    """Answers at hand; `asked` are the keys asked for, step by step."""

    given: Mapping[str, Answer]
    medications: Pages | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def read(self, keys: Iterable[str], _share: float = 1.0) -> None:
        """As a source does."""
        self.asked.append(tuple(keys))
        self.answers |= {key: self.given[key] for key in self.asked[-1]}

    def require(self, _keys: Iterable[str]) -> None:
        """Everything is there."""

    def read_each(self, _references: Iterable[str]) -> Pages | None:
        """Single resources."""
        return self.medications


def reading(*resources: dict[str, Any], medications: Pages | None = None) -> tuple[Chart, Prefetched, ChartReading]:
    """The chart of an adult, where it was read from, and what was decoded."""
    source = Prefetched(answers(ADULT, *resources), medications)
    read = ChartReading(source, context(user_id="Practitioner/1"), KNOWLEDGE)
    return read.read(), source, read


@pytest.mark.parametrize("results", [(SODIUM,), (FERRITIN,), (MDA5,), (SODIUM, FERRITIN, MDA5)])
def test_a_proven_diagnosis_opens_the_gate_whatever_the_laboratory_says(results: tuple[dict[str, Any], ...]) -> None:
    chart, source, read = reading(DERMATOMYOSITIS, *results)
    assert source.asked == [GATE_KEYS, KEYS]
    assert chart == read_chart(source.given, context(user_id="Practitioner/1"))
    assert not read.decoded["laboratory"].skimmed


@pytest.mark.parametrize("condition", [HYPERTENSION, REFUTED])
def test_without_one_the_laboratory_is_looked_at_before_the_rest_is_asked_for(condition: dict[str, Any]) -> None:
    chart, source, read = reading(condition, SODIUM)
    assert source.asked == [GATE_KEYS]
    assert read.decoded["laboratory"].skimmed
    assert chart.facts.measurements == ()


def test_a_result_opens_the_gate_as_well() -> None:
    positive = MDA5 | {"valueCodeableConcept": code(SNOMED, "10828004", "Positive")}
    chart, source, _ = reading(HYPERTENSION, positive)
    assert source.asked == [GATE_KEYS, KEYS]
    assert [each.concept for each in chart.facts.results] == ["anti-mda5-qual"]


def test_a_negative_result_dated_in_the_future_leaves_the_gate_open() -> None:
    _, source, _ = reading(HYPERTENSION, MDA5 | {"effectiveDateTime": "2026-12-24"})
    assert source.asked == [GATE_KEYS, KEYS]


def test_a_result_of_another_patient_behind_a_proven_diagnosis_stops_the_reading() -> None:
    with pytest.raises(OtherPatientError):
        reading(DERMATOMYOSITIS, SODIUM | {"subject": {"reference": "Patient/p2"}})


def test_an_element_on_which_a_door_depends_is_asked_for_before_the_gate_is_shut() -> None:
    skin_sign = resource(
        "Condition", "g", code=code("http://hl7.org/fhir/sid/icd-10-cm", "L94.4"), recordedDate="2026-09-01"
    )
    _, source, _ = reading(skin_sign)
    assert len(source.asked) == 2
    assert source.asked[1] not in (GATE_KEYS, KEYS)


def test_drugs_that_the_chart_only_refers_to_are_read_by_id() -> None:
    order = resource("MedicationRequest", "r", status="active", medicationReference={"reference": "Medication/m1"})
    drug = {"resourceType": "Medication", "id": "m1", "code": {"text": "tacrolimus"}}
    chart, _, _ = reading(DERMATOMYOSITIS, order, medications=Pages((bundle(drug),), complete=True))
    assert [each.ingredients for each in chart.facts.treatments] == [frozenset({"tacrolimus"})]
