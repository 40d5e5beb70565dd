"""Allergies by code, by substance and by words; cultures and pregnancy by the words that hospitals use."""

from __future__ import annotations

from typing import Any

import pytest

from rpild_rules.facts import Meaning, Reading
from tests.mappings.charts import LOINC, RXNORM, SNOMED, Json, chart, code, facts, observation, resource

VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
SULFA, NONE = {"sulfonamide-allergy"}, {"no-known-drug-allergy"}


def allergy(concept: Json | None, **members: Any) -> Json:
    return resource(
        "AllergyIntolerance", "a1", code=concept, subject=None, patient={"reference": "Patient/p1"}, **members
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (allergy(code(SNOMED, "91939003", "Sulfonamide allergy")), SULFA),
        (allergy(code(RXNORM, "10831", "Sulfamethoxazole / Trimethoprim")), SULFA),
        (allergy({"text": "Sulfa drugs"}), SULFA),
        (allergy({"text": "Co-Trimoxazole"}), SULFA),
        (allergy(None, reaction=[{"substance": code(RXNORM, "10180", "sulfamethoxazole")}]), SULFA),
        (allergy(code(SNOMED, "43585000", "Sulfonamide diuretic")), set()),
        (allergy({"text": "Sulfonamide diuretics"}), set()),
        (allergy(code(RXNORM, "9524", "sulfasalazine")), set()),
        (allergy({"text": "Magnesium sulfate"}), set()),
        (allergy({"text": "Sulfites in wine"}), set()),
        (allergy(code(SNOMED, "716186003", "No Known Allergy")), NONE),
        (allergy({"text": "NKDA"}), NONE),
        (allergy({"text": "Penicillin"}), set()),
        (allergy(code(SNOMED, "91939003"), verificationStatus=code(VERIFICATION, "refuted")), set()),
        (allergy(code(SNOMED, "91939003"), verificationStatus=code(VERIFICATION, "entered-in-error")), set()),
    ],
)
def test_what_somebody_is_allergic_to(given: Json, expected: set[str]) -> None:
    assert {name for each in facts(given).allergies for name in each.concepts} == expected


def test_an_allergy_keeps_its_dates_and_states() -> None:
    active = code("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active")
    (found,) = facts(
        allergy({"text": "sulfa"}, clinicalStatus=active, onsetDateTime="2001", recordedDate="2020-03-04")
    ).allergies
    assert (found.printed, found.clinical, found.verification) == ("sulfa", "active", "")
    assert found.onset is not None
    assert found.onset.printed == "2001"
    assert found.recorded is not None


def test_allergies_that_were_not_read() -> None:
    assert chart(given={"allergies": None}).facts.reading("E-ALL") is Reading.COMPLETE
    assert chart(given={"allergies": b"{}"}).facts.reading("E-ALL") is Reading.FAILED


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        (code(LOINC, "630-4"), "urine-culture"),
        ({"text": "Urine Culture, Routine"}, "urine-culture"),
        ({"text": "CULTURE, PLEURAL FLUID"}, "culture-other"),
        (code("urn:local", "BCX", "Blood culture"), "blood-culture"),
        ({"text": "Sputum culture"}, "respiratory-culture"),
    ],
)
def test_a_culture_by_its_name(concept: Json, expected: str) -> None:
    grew = observation(concept=concept, valueCodeableConcept=code(SNOMED, "112283007", "Escherichia coli"))
    (found,) = facts(grew).results
    assert (found.concept, found.meaning, found.organism) == (expected, Meaning.POSITIVE, "Escherichia coli")


@pytest.mark.parametrize(
    "name", ["MRSA screening blood culture", "Wound culture", "Throat culture", "Blood culture and urine culture"]
)
def test_a_culture_that_no_rule_counts(name: str) -> None:
    grew = observation(concept={"text": name}, valueCodeableConcept=code(SNOMED, "112283007", "Escherichia coli"))
    assert facts(grew).results == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueCodeableConcept": code(SNOMED, "77386006", "Pregnant")}, Meaning.POSITIVE),
        ({"valueCodeableConcept": code(SNOMED, "60001007", "Not Pregnant")}, Meaning.NEGATIVE),
        ({"valueCodeableConcept": code(SNOMED, "146799005", "Possible pregnancy")}, Meaning.INDETERMINATE),
        ({"valueCodeableConcept": {"text": "Currently pregnant"}}, Meaning.POSITIVE),
        ({"valueString": "Not pregnant"}, Meaning.NEGATIVE),
        ({"valueString": "may be pregnant"}, Meaning.INDETERMINATE),
        ({"valueBoolean": True}, Meaning.POSITIVE),
        ({"valueString": "see note"}, Meaning.UNREADABLE),
    ],
)
def test_a_pregnancy_status(value: Json, expected: Meaning) -> None:
    (found,) = facts(observation(concept=code(LOINC, "82810-3", "Pregnancy status"), **value)).results
    assert (found.concept, found.meaning) == ("pregnancy-status", expected)
