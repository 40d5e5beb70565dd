"""Decoding: whole Bundles fast, broken ones entry by entry, nothing of another patient, nothing silent (rulings 1,
2, 5).
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.chart import decode_key, read_chart
from fhir_mappings.decode import decode
from fhir_mappings.reads import Failure, OtherPatientError, Pages
from rpild_rules.facts import Reading
from rpild_rules.findings import Reason
from tests.mappings.charts import (
    LOINC,
    PATIENT,
    Json,
    answers,
    bundle,
    chart,
    code,
    context,
    observation,
    quantity,
    resource,
)

FERRITIN = {"code": code(LOINC, "2276-4"), "valueQuantity": quantity(900, "ng/mL")}


def ferritin(identity: str = "o1", **members: Any) -> Json:
    """A ferritin of 900 ng/mL."""
    return observation(identity, **(FERRITIN | members))


def outcome(kind: str) -> bytes:
    """An OperationOutcome."""
    return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": kind}]}).encode()


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        (None, Reading.COMPLETE),
        (bundle(), Reading.COMPLETE),
        (b'{"resourceType":"Bundle"}', Reading.COMPLETE),
        (b'{"resourceType":"Bundle","entry":null}', Reading.COMPLETE),
        (b'{"resourceType":"Bundle","entry":[null, 3, {}]}', Reading.COMPLETE),
        (Failure(Reason.NOT_PERMITTED), Reading.NOT_PERMITTED),
        (Failure(Reason.FETCH_FAILED), Reading.FAILED),
        (outcome("forbidden"), Reading.NOT_PERMITTED),
        (outcome("timeout"), Reading.FAILED),
        (b'{"resourceType":"Patient","id":"p1"}', Reading.FAILED),
        (b'{"resourceType":"Bundle","entry":5}', Reading.FAILED),
        (b"{}", Reading.FAILED),
        (b"[]", Reading.FAILED),
        (b"", Reading.FAILED),
        (b"\xff\xfe", Reading.FAILED),
        (b'{"resourceType":"Bundle","entry":[' + b"[" * 100_000, Reading.FAILED),
        (Pages((bundle(), outcome("forbidden"))), Reading.NOT_PERMITTED),
        (Pages(()), Reading.COMPLETE),
    ],
)
def test_how_an_answer_reads(answer: Any, reading: Reading) -> None:
    decoded = decode_key("conditions", answer, PATIENT)
    assert (decoded.reading, decoded.resources) == (reading, ())


def test_a_lone_resource_counts_as_one_entry() -> None:
    assert len(decode_key("laboratory", json.dumps(ferritin()).encode(), PATIENT).resources) == 1


def test_entries_of_other_types_are_skipped_and_counted() -> None:
    noise = {"resourceType": "OperationOutcome", "issue": []}
    decoded = decode_key("laboratory", bundle(ferritin(), noise, {"resourceType": "Practitioner", "id": "d"}), PATIENT)
    assert ([each.id for each in decoded.resources], decoded.skipped) == (["o1"], 2)


BROKEN = [
    ferritin("bad", code="Ferritin"),
    ferritin("bad", valueQuantity={"value": 1, "unit": 5}),
    ferritin("bad", status=7),
    ferritin("bad", component={"code": {}}),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_entry_is_counted_and_the_others_are_read(broken: Json) -> None:
    found = chart(ferritin("a"), broken, ferritin("b"))
    assert [each.reference for each in found.facts.measurements] == ["Observation/a", "Observation/b"]
    assert [(each.reference, each.element, each.reason) for each in found.unreadable] == [
        ("Observation/bad", "Observation", Reason.UNSTRUCTURED)
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","id":7}}]}',
        b'{"resourceType":"Bundle","entry":[{"resource":["Observation"]}]}',
        b'{"resourceType":"Bundle","entry":["Observation"]}',
    ],
)
def test_an_entry_without_a_readable_id_is_counted(body: bytes) -> None:
    decoded = decode_key("laboratory", body, PATIENT)
    assert [each.reference for each in decoded.unreadable] == ["Observation"]


def test_a_broken_entry_of_another_type_is_none_of_this_search() -> None:
    decoded = decode_key(
        "laboratory", bundle({"resourceType": "Condition", "id": "c", "code": "x"}, ferritin(status=7)), PATIENT
    )
    assert [each.reference for each in decoded.unreadable] == ["Observation/o1"]


def test_null_members_are_as_if_absent() -> None:
    (found,) = chart(ferritin(specimen=None) | {"specimen": None, "note": [None], "issued": None}).facts.measurements
    assert found.value == Decimal(900)


def test_both_lanes_agree() -> None:
    """The same entries beside a broken one, which sends all of them through the slow lane."""
    whole = [ferritin(str(each), valueQuantity={"value": 900 + each / 7, "unit": "ng/mL"}) for each in range(20)]
    fast, slow = chart(*whole), chart(*whole, BROKEN[0])
    assert fast.facts.measurements == slow.facts.measurements


@pytest.mark.parametrize("number", ["1e9999999999999999999999", "1e400", "123456789012345678901234567890"])
def test_numbers_out_of_reach_spoil_only_their_own_entry(number: str) -> None:
    body = bundle(ferritin("a"), ferritin("b", valueQuantity={"value": 12345.5, "code": "ng/mL"})).replace(
        b"12345.5", number.encode()
    )
    found = chart(given={"laboratory": body}).facts
    assert [each.reference for each in found.measurements if each.value is not None] == ["Observation/a"]
    assert len(found.measurements) + len(found.unreadable) == 2


# ------------------------------------------------------------------------------------------------ whose it is


@pytest.mark.parametrize(
    "reference",
    ["Patient/p2", "https://ehr.example/fhir/Patient/p2", "Patient/p2/_history/1", "Patient/P1", "Patient/p1.2"],
)
def test_another_patients_resource_stops_the_call(reference: str) -> None:
    with pytest.raises(OtherPatientError) as caught:
        chart(ferritin(subject={"reference": reference}))
    assert caught.value.reference == "Observation/o1"
    assert "p2" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("patient", json.dumps({"resourceType": "Patient", "id": "p2"}).encode()),
        ("conditions", bundle({"resourceType": "Patient", "id": "p2"})),
        ("conditions", bundle(ferritin(subject={"reference": "Patient/p2"}))),
        ("consents", bundle({"resourceType": "Consent", "id": "c", "patient": {"reference": "Patient/p2"}})),
        ("conditions", bundle({"resourceType": "Condition", "code": 5}, ferritin(subject={"reference": "Patient/p2"}))),
    ],
)
def test_another_patient_under_any_key(key: str, body: bytes) -> None:
    with pytest.raises(OtherPatientError):
        decode_key(key, body, PATIENT)


HOME = "https://ehr.example/fhir"
AT_HOME = [
    "Patient/p1",
    f"{HOME}/Patient/p1",
    f"{HOME}/Patient/p1/_history/4",
    f"{HOME}//Patient/p1",
    "http://EHR.example:80/fhir/Patient/p1",
    "https://ehr.example:443/fhir/Patient/p1",
]
ELSEWHERE = [
    "https://ehr.elsewhere.example/fhir/Patient/p1",
    "https://ehr.elsewhere.example/fhir/Patient/p1/_history/4",
    "https://ehr.example/other/Patient/p1",
    "https://ehr.example/fhir/r4/Patient/p1",
    "https://ehr.example:8443/fhir/Patient/p1",
    "https://ehr.example.evil/fhir/Patient/p1",
    "https://evil@ehr.example/fhir/Patient/p1",
]
ODD_ENTRY: Json = {"resourceType": "Observation", "id": "broken", "code": 7}
LANES = pytest.mark.parametrize("beside", [[], [ODD_ENTRY]], ids=["fast lane", "slow lane"])


@LANES
@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("reference", AT_HOME)
def test_the_patient_at_a_base_of_this_ehr(reference: str, gate: bool, beside: list[Json]) -> None:
    found = chart(ferritin(subject={"reference": reference}), *beside, gate=gate, fhir_bases=(f"{HOME}/",))
    assert len(found.facts.measurements) == 1


@LANES
@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("loinc", ["2276-4", "2160-0"])  # the second is only skimmed at the gate
@pytest.mark.parametrize("reference", ELSEWHERE)
def test_the_same_id_at_another_server_is_another_patient(
    reference: str, loinc: str, gate: bool, beside: list[Json]
) -> None:
    foreign = ferritin(subject={"reference": reference}, code=code(LOINC, loinc))
    with pytest.raises(OtherPatientError):
        chart(foreign, *beside, gate=gate, fhir_bases=(HOME, "https://second.example/r4"))


def test_a_draft_and_an_allergy_of_another_server_stop_the_call() -> None:
    foreign = {"reference": ELSEWHERE[0]}
    drafts = bundle({"resourceType": "ServiceRequest", "subject": foreign})
    with pytest.raises(OtherPatientError):
        read_chart({}, context(draft_orders=drafts, fhir_bases=(HOME,)))
    with pytest.raises(OtherPatientError):
        chart({"resourceType": "AllergyIntolerance", "id": "a", "patient": foreign}, fhir_bases=(HOME,))


def test_a_result_within_a_report_that_names_another_patient_stops_the_call() -> None:
    within = ferritin(subject={"reference": "Patient/p2"})
    report = resource("DiagnosticReport", status="final", result=[{"reference": "#o1"}])
    assert len(chart(report | {"contained": [ferritin(subject=None)]}).facts.measurements) == 1
    with pytest.raises(OtherPatientError) as caught:
        chart(report | {"contained": [within]})
    assert caught.value.reference == "DiagnosticReport/r1#o1"


def test_without_a_known_base_one_may_be_named_but_not_two() -> None:
    one, other = ferritin(subject={"reference": AT_HOME[1]}), ferritin("o2", subject={"reference": ELSEWHERE[0]})
    assert len(chart(one, ferritin("o3")).facts.measurements) == 2
    assert len(chart(other).facts.measurements) == 1
    with pytest.raises(OtherPatientError):
        chart(one, other)
    with pytest.raises(OtherPatientError):
        chart(one, resource("Condition", subject=other["subject"]))


def test_another_patients_draft_and_attestation_stop_the_call() -> None:
    draft = {"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p2"}}
    with pytest.raises(OtherPatientError):
        read_chart({}, context(draft_orders=bundle(draft)))
    with pytest.raises(OtherPatientError):
        read_chart({}, context(attestations=(json.dumps(ferritin(subject={"reference": "Patient/p2"})).encode(),)))


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://ehr.example/fhir/Patient/p1", "https://ehr.example/fhir/Patient/p1/_history/4"],
)
def test_forms_of_the_same_patient(reference: str) -> None:
    assert len(chart(ferritin(subject={"reference": reference})).facts.measurements) == 1


@pytest.mark.parametrize(
    "subject",
    [None, {}, {"display": "someone"}, {"reference": "#p"}, {"reference": "Group/g"}, {"reference": "urn:uuid:1"}],
)
def test_a_resource_of_nobody_is_not_used_but_shown(subject: Json | None) -> None:
    found = chart(
        given={
            "laboratory": bundle(resource("Observation", "o1", **(FERRITIN | {"status": "final", "subject": subject})))
        }
    )
    assert found.facts.measurements == ()
    assert [each.reference for each in found.unreadable] == ["Observation/o1"]


def test_a_urn_is_resolved_within_the_bundle() -> None:
    person = {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": PATIENT}}
    lab = {"fullUrl": "urn:uuid:2", "resource": ferritin(subject={"reference": "urn:uuid:1"})}
    body = json.dumps({"resourceType": "Bundle", "entry": [person, lab]}).encode()
    assert [each.id for each in decode("Observation", body, PATIENT).resources] == ["o1"]


# ------------------------------------------------------------------------------------------------ completeness


NEXT = {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]}


@pytest.mark.parametrize(
    ("answer", "cut"),
    [
        (bundle(ferritin()), False),
        (bundle(ferritin(), **NEXT), True),
        (bundle(BROKEN[0], **NEXT), True),
        (bundle(BROKEN[0], link="odd"), False),
        (Pages((bundle(**NEXT), bundle())), False),
        (Pages((bundle(**NEXT), bundle(**NEXT))), True),
        (Pages((bundle(),), complete=False), True),
        (Pages((bundle(**NEXT),), complete=True), False),
    ],
)
def test_whether_more_may_exist(answer: Any, cut: bool) -> None:
    assert decode_key("laboratory", answer, PATIENT).cut is cut


def full_page(days_old: int, count: int = 100, **members: Any) -> bytes:
    """As many vital signs as were asked for, the oldest some days old."""
    rows = [
        observation(f"v{each}", code(LOINC, "8867-4"), valueQuantity=quantity(80, "/min")) for each in range(count - 1)
    ]
    return bundle(
        *rows,
        observation("old", code(LOINC, "8867-4"), effectiveDateTime=f"2026-11-{22 - days_old:02d}T00:00:00Z"),
        **members,
    )


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        (full_page(8, 199), Reading.COMPLETE),
        (full_page(3, 200), Reading.PARTIAL),
        (full_page(8, 200), Reading.COMPLETE),
        (full_page(8, 200, **NEXT), Reading.PARTIAL),
    ],
)
def test_a_full_page_is_complete_if_it_reaches_beyond_the_look_back(body: bytes, reading: Reading) -> None:
    assert chart(given={"vitals": body}).facts.reading("E-VITAL") is reading


def test_an_instant_counts_for_the_oldest_entry() -> None:
    rows = [
        observation(f"v{each}", code(LOINC, "8867-4"), effectiveDateTime=None, effectiveInstant="2026-11-01T00:00:00Z")
        for each in range(200)
    ]
    assert chart(given={"vitals": bundle(*rows)}).facts.reading("E-VITAL") is Reading.COMPLETE


def test_no_full_page_reaches_beyond_all_time() -> None:
    rows = [resource("Condition", str(each), recordedDate="1990-01-01") for each in range(500)]
    assert chart(*rows).facts.reading("E-COND") is Reading.PARTIAL


def test_periods_count_for_the_oldest_entry() -> None:
    rows = [resource("Encounter", str(each), period={"start": "2026-01-01"}) for each in range(100)]
    assert chart(*rows).facts.reading("E-ENC") is Reading.COMPLETE


@pytest.mark.parametrize(
    ("given", "element", "reading"),
    [
        ({"oxygen": Failure(Reason.NOT_PERMITTED)}, "E-O2", Reading.NOT_PERMITTED),
        (
            {"oxygen": Failure(Reason.NOT_PERMITTED), "procedures": Failure(Reason.FETCH_FAILED)},
            "E-O2",
            Reading.NOT_PERMITTED,
        ),
        ({"procedures": Failure(Reason.FETCH_FAILED)}, "E-PROC", Reading.FAILED),
        ({"laboratory": Failure(Reason.FETCH_FAILED)}, "E-MSA", Reading.FAILED),
        ({"specimens": Failure(Reason.NOT_PERMITTED)}, "E-GAS", Reading.COMPLETE),
        ({}, "E-MSA", Reading.COMPLETE),
    ],
)
def test_an_element_reads_as_its_worst_key(given: dict[str, Any], element: str, reading: Reading) -> None:
    assert chart(given=given).facts.reading(element) is reading


def test_a_key_that_is_absent_was_not_read() -> None:
    some = {key: answer for key, answer in answers().items() if key != "imagingStudies"}
    found = read_chart(some, context()).facts
    assert (found.reading("E-CT"), found.reading("E-MSA")) == (Reading.NOT_READ, Reading.COMPLETE)
