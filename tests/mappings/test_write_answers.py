"""What an EHR answers to a write: its id of a resource is told, or known not to be; lies are not believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhir_mappings.attestation_drafts import IDENTIFIER
from fhir_mappings.attestations import SYSTEM
from fhir_mappings.write_answers import code_of, found_as, is_of, is_statement, kept_as, read_json, version_of

OURS = {
    "resourceType": "Observation",
    "id": "17",
    "identifier": [{"system": "other", "value": "s-1"}, {"system": IDENTIFIER, "value": "s-1"}],
    "subject": {"reference": "https://ehr.example/fhir/Patient/p1"},
}


@pytest.mark.parametrize(
    ("location", "body", "expected"),
    [
        ("https://ehr.example/fhir/Observation/12/_history/3", {}, "12"),
        ("Observation/12", {}, "12"),
        ("https://ehr.example/fhir/Observation/12?x=1", OURS, "17"),
        ("https://ehr.example/fhir/Patient/12", {}, ""),
        ("", OURS, "17"),
        ("", {"resourceType": "OperationOutcome", "id": "9"}, ""),
        ("", OURS | {"id": "../x"}, ""),
        ("", OURS | {"id": 7}, ""),
        ("", [], ""),
    ],
)
def test_the_id_of_what_was_written(location: str, body: Any, expected: str) -> None:
    assert kept_as(location, json.dumps(body).encode()) == expected


def searchset(*resources: Any) -> bytes:
    return json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (searchset({"resourceType": "Observation", "id": "1"}, OURS), "17"),
        (searchset(OURS | {"subject": {"reference": "Patient/p2"}}), ""),
        (searchset(OURS | {"identifier": [{"system": IDENTIFIER, "value": "s-2"}, 7]}), ""),
        (searchset(OURS | {"identifier": "s-1"}, None, 3), ""),
        (b'{"resourceType": "Bundle"}', ""),
        (b'{"resourceType": "Bundle", "entry": [1]}', ""),
        (json.dumps(OURS).encode(), ""),
        (b"<html>", ""),
    ],
)
def test_a_statement_is_found_by_its_identifier_only(body: bytes, expected: str) -> None:
    assert found_as(body, "s-1", "p1") == expected


def test_whose_and_which_version() -> None:
    assert [is_of(each, "p1") for each in (OURS, {}, {"subject": "Patient/p1"})] == [True, False, False]
    assert [version_of(each) for each in (OURS, {"meta": {"versionId": "4"}}, {"meta": 3})] == ["", "4", ""]
    assert [read_json(each) for each in (b"[1]", b"\xff", b"[" * 100_000)] == [{}] * 3


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"status": "entered-in-error"}, False),
        ({"id": "18"}, False),
        ({"subject": {"reference": "Patient/p2"}}, False),
        ({"code": {"coding": [{"system": "http://loinc.org"}, 3]}}, False),
        ({"code": {"coding": {"system": SYSTEM}}}, False),
        ({"code": "x"}, False),
    ],
)
def test_only_our_living_statement_about_this_patient_is_meant(changed: dict[str, Any], expected: bool) -> None:
    statement = OURS | {
        "status": "final",
        "code": {"coding": [{"system": "x"}, {"system": SYSTEM, "code": "ct-worsening"}]},
    }
    assert is_statement(statement | changed, "Observation/17", "p1") is expected
    assert code_of(statement) == "ct-worsening"
