"""Prefetch templates filled as an EHR fills them."""

from __future__ import annotations

from typing import Any

import pytest

from ehr_sandbox.charting import load_patients
from ehr_sandbox.prefetch import TokenError, expand, fill, token_values
from ehr_sandbox.records import Records
from tests.sandbox.fake_service import NOW

CONTEXT = {"userId": "Practitioner/dr-demo", "patientId": "classic", "draftOrders": {"resourceType": "Bundle"}}
VALUES = token_values(CONTEXT)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Patient/{{context.patientId}}", "Patient/classic"),
        ("{{ context.userId }}", "Practitioner/dr-demo"),
        ("Practitioner/{{userPractitionerId}}", "Practitioner/dr-demo"),
        ("Observation?date=ge{{today() - 31 days}}", "Observation?date=ge2026-10-24"),
        ("Observation?date=le{{today()}}", "Observation?date=le2026-11-24"),
        ("Observation?date=le{{today() + 1 day}}", "Observation?date=le2026-11-25"),
    ],
)
def test_tokens(template: str, expected: str) -> None:
    assert expand(template, VALUES, NOW) == expected


@pytest.mark.parametrize("name", ["context.encounterId", "context.draftOrders", "userPatientId", "today() - x"])
def test_a_token_without_a_value_cannot_be_expanded(name: str) -> None:
    with pytest.raises(TokenError):
        expand(f"Encounter/{{{{{name}}}}}", VALUES, NOW)


def test_a_template_that_cannot_be_filled_leaves_its_key_out() -> None:
    templates = {
        "patient": "Patient/{{context.patientId}}",
        "ferritin": "Observation?patient={{context.patientId}}&code=http://loinc.org|2276-4&_sort=-date&_count=2",
        "none": "Procedure?patient={{context.patientId}}",
        "encounter": "Encounter/{{context.encounterId}}",
        "bad-search": "Observation?colour=red",
        "bad-type": "Basket?patient={{context.patientId}}",
        "gone": "Patient/nobody",
    }
    filled = fill(templates, CONTEXT, Records(load_patients(), now=lambda: NOW), "http://ehr.example/fhir")
    assert list(filled) == ["patient", "ferritin", "none"]
    assert filled["patient"]["id"] == "classic"
    assert [entry["resource"]["id"] for entry in filled["ferritin"]["entry"]] == [
        "classic-ferritin-1d",
        "classic-ferritin-4d",
    ]
    assert filled["ferritin"]["link"][1]["relation"] == "next"
    assert "entry" not in filled["none"]


def test_a_user_of_another_kind_gives_no_practitioner_token() -> None:
    values: dict[str, Any] = token_values({"userId": "RelatedPerson/1", "patientId": "x"})
    assert "userPractitionerId" not in values
