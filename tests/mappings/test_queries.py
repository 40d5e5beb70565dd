"""Templates, searches and scopes: derived from the tables, portable, short enough, and every key is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from fhir_mappings.chart import MEDICATION_KEYS, OTHER_OBSERVATIONS, ChartContext, read_chart
from fhir_mappings.decode import TYPES
from fhir_mappings.mixed import KEY_OF
from fhir_mappings.queries import (
    ELEMENT_KEYS,
    ELEMENTS,
    GATE_KEYS,
    KEYS,
    LATER_KEYS,
    QUERIES,
    REQUIRED_KEYS,
    keys_of,
    scopes,
    searches,
    templates,
)
from tests.mappings.charts import NOW, answers, code, resource

PORTABLE = {
    "patient",
    "code",
    "category",
    "status",
    "_sort",
    "_count",
    "date",
    "started",
    "authoredon",
    "authored",
    "effective-time",
    "collected",
}


def test_templates_use_only_what_every_ehr_can_fill() -> None:
    for key, template in templates().items():
        parts = urlsplit(template)
        if key == "patient":
            assert template == "Patient/{{context.patientId}}"
            continue
        names = [name for name, _ in parse_qsl(parts.query)]
        assert names[0] == "patient"
        assert set(names) <= PORTABLE - {"date"}, key
        assert re.findall(r"\{\{.*?\}\}", template) == ["{{context.patientId}}"]


def test_every_service_gets_the_same_templates() -> None:
    assert templates("rpild-order-sign") == templates() == templates(profile="generic")


def test_dated_templates_are_for_ehrs_that_declare_them() -> None:
    assert "date=ge{{today() - 7 days}}" in templates(profile="dated")["vitals"]
    assert "today" not in templates(profile="dated")["antibodies"]
    with pytest.raises(KeyError):
        templates(profile="other")


def test_searches_are_encoded_dated_and_short() -> None:
    urls = searches("a/b c", NOW)
    assert urls["patient"] == "Patient/a%2Fb%20c"
    assert urls["conditions"] == "Condition?patient=Patient%2Fa%2Fb%20c&_count=500"
    assert "date=ge2026-11-14" in urls["vitals"]
    assert max(map(len, urls.values())) < 6000
    assert not [url for url in urls.values() if re.search(r"[ |{}]|//", url)]
    assert {name for url in urls.values() for name, _ in parse_qsl(urlsplit(url).query)} <= PORTABLE


def test_a_site_may_spell_the_patient_otherwise() -> None:
    assert searches("1", NOW, ["flags"], patient_form="{}") == {"flags": "Flag?patient=1&_count=100"}


def test_code_lists_name_the_codes_of_their_elements() -> None:
    wanted = dict(parse_qsl(urlsplit(searches("1", NOW)["antibodies"]).query))["code"].split(",")
    assert "http://loinc.org|82424-3" in wanted
    assert len(wanted) == len(set(wanted)) > 70
    own = dict(parse_qsl(urlsplit(searches("1", NOW)["attestations"]).query))["code"]
    assert "urn:rpild:attestation|respiratory-onset" in own


def test_scopes_follow_the_searches() -> None:
    kinds = {query.kind for query in QUERIES.values()} | {"Medication"}
    assert {scope.split("/")[1].split(".")[0] for scope in scopes()} == kinds
    assert "patient/Observation.rs" in scopes()
    assert "user/Observation.read" in scopes(version=1, level="user")


def test_the_gate_reads_first_and_asks_for_little_more() -> None:
    assert set(GATE_KEYS) | set(LATER_KEYS) == set(KEYS)
    assert set(GATE_KEYS) >= {
        "patient",
        "conditions",
        "antibodies",
        "laboratory",
        "reports",
        "attestations",
        "serviceRequests",
        "procedures",
    }
    assert REQUIRED_KEYS == ("patient", "conditions")
    assert keys_of(["E-FERR"]) == ()
    assert keys_of(["E-CT"]) == ("imagingStudies",)
    assert keys_of(["E-O2", "E-FERR"]) == ("oxygen", "vitals", "deviceUse")


def test_every_element_has_a_key_and_every_key_an_element() -> None:
    assert [element for element, keys in ELEMENT_KEYS.items() if not keys] == []
    assert [
        key for key, query in QUERIES.items() if not (fed := {*query.elements, *query.aids}) or fed - set(ELEMENTS)
    ] == []


def test_every_key_is_of_a_type_that_is_decoded_and_every_type_has_a_key() -> None:
    assert {query.kind for query in QUERIES.values()} | {"Medication"} == set(TYPES)
    assert set(KEY_OF) == set(TYPES)


def test_every_declared_key_changes_something_when_it_is_read() -> None:
    """What each search could bring is read from its own key: without the key, its facts are gone."""
    for key in set(KEYS) - {"patient", "specimens"} - set(OTHER_OBSERVATIONS) - set(MEDICATION_KEYS):
        whole = answers(*EXAMPLES)
        lacking = whole | {key: None}
        assert read_chart(whole, CONTEXT).facts != read_chart(lacking, CONTEXT).facts, key


CONTEXT = ChartContext("p1", datetime(2026, 11, 22, tzinfo=UTC), UTC)
LIMIT = {"text": "do not intubate"}
EXAMPLES = (
    resource("Condition", code=code("http://snomed.info/sct", "267036007")),
    resource("Observation", "o", status="final", code={"text": "MDA5"}),
    resource("DiagnosticReport", status="final", code={"text": "HRCT"}),
    resource("ImagingStudy", description="HRCT"),
    resource("Encounter"),
    resource("ServiceRequest"),
    resource("Procedure", code=code("http://snomed.info/sct", "88039007")),
    resource("DeviceUseStatement", device={"display": "BiPAP"}),
    {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": "Patient/p1"},
        "code": code("http://snomed.info/sct", "91939003"),
    },
    resource("Flag", status="active", code=LIMIT),
    resource("CarePlan", status="active", category=[LIMIT]),
    {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "patient": {"reference": "Patient/p1"},
        "category": [LIMIT],
    },
)


@pytest.mark.parametrize("key", [*OTHER_OBSERVATIONS, "laboratory"])
def test_every_observation_key_is_read(key: str) -> None:
    whole = answers(EXAMPLES[1])
    found = read_chart(whole | {"laboratory": None, key: whole["laboratory"]}, CONTEXT).facts
    assert [each.reference for each in found.results] == ["Observation/o"]


@pytest.mark.parametrize("key", MEDICATION_KEYS)
def test_every_medication_key_is_read(key: str) -> None:
    kind = QUERIES[key].kind
    found = read_chart(answers(resource(kind)), CONTEXT).facts
    assert len(found.treatments) == 1


def test_every_element_has_a_title_of_its_own() -> None:
    titles = [table.get("title", "") for table in ELEMENTS.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)
