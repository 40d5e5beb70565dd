"""The demo EHR's FHIR server over HTTP: reading, searching by GET and POST, paging, and honest refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from ehr_sandbox.search import offered

Json = dict[str, Any]
Get = Callable[[str], Json]


def ids(bundle: Json) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def test_a_resource_is_read_by_id(fhir: Get) -> None:
    assert fhir("Patient/classic")["birthDate"] == "1976-10-14"


def test_both_forms_of_a_patient_find_the_same(fhir: Get) -> None:
    assert ids(fhir("Condition?patient=classic")) == ids(fhir("Condition?subject=Patient/classic"))
    assert len(ids(fhir("Condition?patient=classic"))) == 4


def test_pages_follow_each_other_to_the_end(fhir: Get) -> None:
    address, seen, pages = "Observation?patient=classic&_sort=-date&_count=7", list[str](), 0
    while address:
        page = fhir(address)
        assert len(page["entry"]) <= 7
        seen, pages = seen + ids(page), pages + 1
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        assert all(url.startswith("http://localhost:8091/open/fhir/Observation?") for url in following)
        address = f"Observation?{urlsplit(following[0]).query}" if following else ""
    assert len(seen) == len(set(seen)) == fhir("Observation?patient=classic&_count=0")["total"]
    assert pages > 5


def test_a_count_of_zero_gives_the_total_only(fhir: Get) -> None:
    bundle = fhir("Observation?patient=classic&_count=0")
    assert bundle["total"] > 40
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_search_by_form_equals_search_by_address(ehr: FlaskClient, fhir: Get) -> None:
    answer = ehr.post(
        "/open/fhir/Observation/_search?patient=classic", data={"code": "http://loinc.org|2276-4", "_sort": "-date"}
    )
    assert answer.status_code == 200
    assert ids(answer.get_json()) == ids(fhir("Observation?patient=classic&code=http://loinc.org|2276-4&_sort=-date"))


def test_a_whole_chart_is_one_bundle(fhir: Get) -> None:
    resources = [entry["resource"] for entry in fhir("Patient/local-l1/$everything")["entry"]]
    assert resources[0]["resourceType"] == "Patient"
    assert {each["subject"]["reference"] for each in resources[1:]} == {"Patient/local-l1"}


def test_the_capability_statement_lists_what_searches_accept(fhir: Get) -> None:
    statement = fhir("metadata")
    assert statement["fhirVersion"] == "4.0.1"
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            value = "2026" if parameter["type"] == "date" else "x"
            assert fhir(f"{resource['type']}?{parameter['name']}={value}")["type"] == "searchset"
    assert {resource["type"] for resource in statement["rest"][0]["resource"]} == set(offered())


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("Observation?patient=classic&colour=red", 400, "cannot be searched by colour"),
        ("Observation?patient=classic&_count=many", 400, "_count must be a whole number"),
        ("Observation?patient=classic&_offset=-1", 400, "_offset must be a whole number"),
        ("Observation?date=soon", 400, "'soon' is not a date"),
        ("Observation/none", 404, "Observation/none is not in this record"),
        ("Patient/none/$everything", 404, "Patient/none is not in this record"),
        ("Basket", 404, "holds no Basket"),
        ("Basket/1", 404, "holds no Basket"),
        ("Patient/classic/Observation/1/2", 404, "not found"),
    ],
)
def test_a_refusal_is_an_operation_outcome(ehr: FlaskClient, path: str, status: int, words: str) -> None:
    answer = ehr.get(f"/open/fhir/{path}")
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert words in answer.get_json()["issue"][0]["details"]["text"]


def test_nothing_can_be_written(ehr: FlaskClient) -> None:
    answer = ehr.post("/open/fhir/Observation", json={"resourceType": "Observation"})
    assert answer.status_code == 405
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_other_web_clients_may_read(ehr: FlaskClient) -> None:
    answer = ehr.get("/open/fhir/Patient", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert len(answer.get_json()["entry"]) >= 10
