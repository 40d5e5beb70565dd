"""Files that people assess: Bundles, single resources and NDJSON, one patient at a time."""

from __future__ import annotations

import json
from datetime import UTC

import pytest

from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.mixed import answers_for, one_patient, read_bundle
from fhir_mappings.queries import ELEMENTS, KEYS
from fhir_mappings.reads import MixedSubjectsError, OtherPatientError, UnreadableFileError
from rpild_rules.facts import PatientFacts, Reading
from tests.mappings.charts import LOINC, NOW, Json, bundle, code, observation, patient, quantity, resource


def lab(identity: str, subject: str = "p1") -> Json:
    """A ferritin of some patient."""
    value = {"valueQuantity": quantity(900, "ng/mL"), "subject": {"reference": f"Patient/{subject}"}}
    return observation(identity, code(LOINC, "2276-4"), **value)


def facts_of(body: bytes, wanted: str = "") -> PatientFacts:
    """The facts of one patient of a file."""
    mixed = read_bundle(body)
    person = one_patient(mixed, wanted)
    return read_chart(answers_for(mixed, person), ChartContext(person, NOW, UTC)).facts


def lines(*resources: Json) -> bytes:
    """NDJSON."""
    return b"\n".join(json.dumps(each).encode() for each in resources) + b"\n"


ROWS = [
    patient(birthDate="1976"),
    lab("a"),
    resource("Condition", "c", code=code("http://snomed.info/sct", "396230008")),
]


@pytest.mark.parametrize(
    "body",
    [
        bundle(*ROWS),
        lines(*ROWS),
        b"\xef\xbb\xbf" + bundle(*ROWS),
        lines(*ROWS).replace(b"\n", b"\r\n\r\n"),
        lines(json.loads(bundle(*ROWS)), patient()),
    ],
)
def test_forms_of_a_file(body: bytes) -> None:
    found = facts_of(body)
    assert [each.reference for each in found.measurements] == ["Observation/a"]
    assert [each.reference for each in found.diagnoses] == ["Condition/c"]
    assert found.person.birth is not None


def test_a_file_of_one_resource() -> None:
    assert facts_of(json.dumps(patient(gender="male")).encode()).person.sex == "male"


def test_a_file_may_name_one_server_but_not_two() -> None:
    here = lab("b") | {"subject": {"reference": "https://ehr.example/fhir/Patient/p1"}}
    there = resource(
        "Condition", "d", subject={"reference": "https://ehr.elsewhere.example/fhir/Patient/p1/_history/2"}
    )
    assert len(facts_of(bundle(*ROWS, here)).measurements) == 2
    with pytest.raises(OtherPatientError):
        facts_of(lines(*ROWS, here, there))


def test_every_key_was_read_completely() -> None:
    mixed = read_bundle(bundle(*ROWS))
    assert set(KEYS) < set(answers_for(mixed, "p1"))
    found = facts_of(bundle(*ROWS))
    assert {found.reading(element) for element in ELEMENTS} == {Reading.COMPLETE}


def test_several_patients_have_to_be_told_apart() -> None:
    body = bundle(patient(), {"resourceType": "Patient", "id": "p2"}, lab("a"), lab("b", "p2"))
    with pytest.raises(MixedSubjectsError, match="found: p1, p2") as caught:
        one_patient(read_bundle(body))
    assert caught.value.subjects == ("p1", "p2")
    assert [each.reference for each in facts_of(body, "p2").measurements] == ["Observation/b"]


@pytest.mark.parametrize(
    ("body", "wanted", "words"),
    [
        (bundle(lab("a")), "", "holds 1 patients"),
        (bundle(), "", "found: none"),
        (bundle(patient(), lab("b", "p2")), "", "found: p1, p2"),
        (bundle(patient()), "p9", "patient p9 is not in the file"),
        (bundle(patient(), lab("b", "p2")), "p2", "patient p2 is not in the file"),
    ],
)
def test_a_patient_who_is_not_there(body: bytes, wanted: str, words: str) -> None:
    with pytest.raises(MixedSubjectsError, match=words):
        one_patient(read_bundle(body), wanted)


def test_urns_are_resolved() -> None:
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": patient()},
        {"fullUrl": "urn:uuid:2", "resource": lab("a") | {"subject": {"reference": "urn:uuid:1"}}},
        {
            "fullUrl": "urn:uuid:3",
            "resource": resource(
                "Condition", "c", code=code("http://snomed.info/sct", "267036007"), subject={"reference": "urn:uuid:1"}
            ),
        },
        {
            "fullUrl": "urn:uuid:4",
            "resource": resource(
                "Encounter", "e", subject={"reference": "urn:uuid:1"}, reasonReference=[{"reference": "urn:uuid:3"}]
            ),
        },
        {
            "fullUrl": "urn:uuid:5",
            "resource": {"resourceType": "Medication", "id": "m", "code": {"text": "tacrolimus"}},
        },
        {
            "fullUrl": "urn:uuid:6",
            "resource": resource(
                "MedicationRequest",
                "r",
                subject={"reference": "urn:uuid:1"},
                medicationReference={"reference": "urn:uuid:5"},
            ),
        },
    ]
    found = facts_of(json.dumps({"resourceType": "Bundle", "entry": entries}).encode())
    assert [each.reference for each in found.measurements] == ["Observation/a"]
    assert [each.reasons for each in found.stays] == [{"dyspnea"}]
    assert [each.ingredients for each in found.treatments] == [{"tacrolimus"}]


def test_what_we_do_not_read_is_left_out_and_what_is_broken_is_listed() -> None:
    claim = {"resourceType": "Claim", "id": "x", "patient": {"reference": "Patient/p9"}, "status": 5}
    broken = lab("bad") | {"code": "ferritin"}
    nobody = {name: value for name, value in lab("nobody").items() if name != "subject"}
    found = facts_of(bundle(patient(), claim, broken, nobody))
    assert [each.reference for each in found.unreadable] == ["Observation/bad", "Observation/nobody"]


def test_a_resource_without_a_type_is_left_out() -> None:
    assert read_bundle(bundle(*ROWS[:1])[:-2] + b',{"resource":{"id":"x"}},{"resource":7}]}').patients == ("p1",)


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"\xff\xff", b'{"resourceType":"Bundle","entry":7}', b"{\n}\n[", b"[\n]"]
)
def test_what_is_no_file_of_ours(body: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_bundle(body)
