"""The whole chart: the person, the gate's share, our own attestations, versions, and an order that depends on
nothing.
"""

from __future__ import annotations

import json
import random
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.chart import decode_key, read_chart
from fhir_mappings.queries import GATE_KEYS
from rpild_rules.facts import Person
from rpild_rules.findings import Reason
from tests.mappings.charts import (
    LOINC,
    PATIENT,
    SNOMED,
    Json,
    answers,
    bundle,
    chart,
    code,
    context,
    facts,
    observation,
    patient,
    quantity,
    resource,
)

POSITIVE = {"valueCodeableConcept": code(SNOMED, "10828004", "Positive")}


@pytest.mark.parametrize(
    ("members", "deceased"),
    [
        ({}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2026-01"}, True),
    ],
)
def test_the_person(members: Json, deceased: bool) -> None:
    person = facts(patient(birthDate="1976-03", gender="female", **members)).person
    assert person.birth is not None
    assert (person.birth.printed, person.sex, person.deceased) == ("1976-03", "female", deceased)


@pytest.mark.parametrize("sent", ["1971-13-40", "about 1950", 1971, {"year": 1971}, ["1971"], True])
def test_a_birth_date_that_cannot_be_read_is_told(sent: object) -> None:
    found = facts(patient(birthDate=sent, gender="female"))
    assert (found.person.birth, found.person.sex) == (None, "female")
    assert [(each.reference, each.element, each.reason, each.printed) for each in found.unreadable] == [
        (f"Patient/{PATIENT}", "E-PAT", Reason.UNSTRUCTURED, "birthDate")
    ]


@pytest.mark.parametrize("members", [{}, {"birthDate": None}, {"birthDate": ""}, {"_birthDate": {"id": "x"}}])
def test_a_birth_date_that_was_not_sent_is_not_complained_of(members: Json) -> None:
    found = facts(patient(**members))
    assert (found.person.birth, found.unreadable) == (None, ())


def test_a_patient_without_an_id_is_not_used() -> None:
    found = facts(given={"patient": json.dumps({"resourceType": "Patient", "birthDate": "1976"}).encode()})
    assert (found.person, [each.reference for each in found.unreadable]) == (Person(), ["Patient"])


def test_nobody_is_there() -> None:
    assert read_chart({}, context()).facts.person == Person()


@pytest.mark.parametrize(
    ("user", "kind"), [("Practitioner/d", "Practitioner"), ("Patient/p1", "Patient"), ("", "Practitioner")]
)
def test_who_signs(user: str, kind: str) -> None:
    found = facts(user_id=user, user_roles=frozenset({"doctor"})).user
    assert (found.kind, found.roles) == (kind, frozenset({"doctor"}) if user else frozenset())


def test_the_sites_zone_gives_the_days() -> None:
    (found,) = facts(
        observation(concept={"text": "MDA5"}, effectiveDateTime="2026-11-20T20:00:00Z"), zone=ZoneInfo("Asia/Tokyo")
    ).results
    assert found.when is not None
    assert found.when.first.day == 21


def attestation(identity: str, value: bool, **members: object) -> Json:
    """A clinician's word on the CT."""
    return observation(identity, code("urn:rpild:attestation", "ct-worsening"), valueBoolean=value, **members)


def test_our_own_attestations_join_and_the_ehrs_copy_wins() -> None:
    stored = tuple(json.dumps(attestation(identity, True)).encode() for identity in ("a", "b"))
    found = facts(attestation("a", False), attestations=stored).attestations
    assert [(each.reference, each.value) for each in found] == [("Observation/a", False), ("Observation/b", True)]


def test_an_observation_under_two_keys_is_read_once_and_the_newest_version_counts() -> None:
    old = observation("o", code(LOINC, "82424-3"), status="preliminary", meta={"lastUpdated": "2026-11-20T00:00:00Z"})
    new = observation("o", code(LOINC, "82424-3"), meta={"lastUpdated": "2026-11-21T00:00:00Z"}, **POSITIVE)
    for antibodies, laboratory in ((old, new), (new, old)):
        (found,) = facts(given={"antibodies": bundle(antibodies), "laboratory": bundle(laboratory)}).results
        assert found.status == "final"
    (found,) = facts(
        given={"antibodies": bundle(old), "laboratory": bundle(old | {"status": "final", "meta": 7})}
    ).results
    assert found.status == "preliminary"


def test_facts_without_an_id_are_told_apart_by_what_they_say() -> None:
    nameless = {
        name: value
        for name, value in observation(concept=code(LOINC, "2276-4"), valueQuantity=quantity(900, "ng/mL")).items()
        if name != "id"
    }
    later = nameless | {"effectiveDateTime": "2026-11-21T09:00:00Z"}
    found = facts(nameless, later, given={"antibodies": bundle(nameless)}).measurements
    assert [each.value for each in found] == [Decimal(900), Decimal(900)]


CROWD = [
    *(observation(f"f{each}", code(LOINC, "2276-4"), valueQuantity=quantity(800 + each, "ng/mL")) for each in range(5)),
    observation(
        "ox",
        code(LOINC, "59408-5"),
        valueQuantity=quantity(93, "%"),
        component=[{"code": code(LOINC, "3150-0"), "valueQuantity": quantity(36, "%")}],
    ),
    observation("mda5", {"text": "anti-MDA5"}, **POSITIVE),
    observation("tube", code(LOINC, "3152-6"), valueString="Venturi"),
    observation("strange", {"text": "Sodium"}),
    resource("Condition", "c1", code=code(SNOMED, "267036007"), onsetDateTime="2026-11"),
    resource("Condition", "c2", code=code(SNOMED, "396230008")),
    resource("Encounter", "e", reasonReference=[{"reference": "Condition/c1"}]),
    resource("MedicationRequest", "m", medicationCodeableConcept={"text": "prednisone"}),
    resource("ServiceRequest", "s", code={"text": "Ferritin"}),
    resource("Procedure", "p", status="completed", code=code(SNOMED, "88039007")),
    resource("Flag", "f", status="active", code={"text": "DNI"}),
    resource(
        "DiagnosticReport", "r", status="final", code={"text": "HRCT"}, result=[{"reference": "Observation/mda5"}]
    ),
]


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_entries_changes_nothing(seed: int) -> None:
    mixed = [*CROWD]
    random.Random(seed).shuffle(mixed)
    assert facts(*mixed) == facts(*CROWD)


def test_an_unrelated_resource_changes_nothing() -> None:
    unrelated = (
        observation("na", code(LOINC, "2951-2"), valueQuantity=quantity(140, "mmol/L")),
        resource("Condition", "knee", code=code(SNOMED, "5913000")),
    )
    assert facts(*CROWD, *unrelated) == facts(*CROWD)


def test_a_decoded_answer_stands_in_for_a_raw_one() -> None:
    raw = answers(*CROWD)
    decoded = {key: decode_key(key, answer, PATIENT) for key, answer in raw.items()}
    assert read_chart(decoded, context()).facts == read_chart(raw, context()).facts


def test_the_gate_reads_its_share_of_the_laboratory() -> None:
    raw = answers(*CROWD, observation("na", code(LOINC, "2160-0"), valueQuantity=quantity(1, "mg/dL")))
    gate = read_chart({key: raw[key] for key in GATE_KEYS}, context(), gate=True).facts
    whole = read_chart(raw, context()).facts
    assert {each.concept for each in gate.measurements} == {"ferritin", "spo2", "fio2"}  # what has parts is always read
    assert {each.concept for each in whole.measurements} == {"ferritin", "spo2", "fio2", "creatinine"}
    assert [each.reference for each in whole.measurements if each.concept != "creatinine"] == [
        each.reference for each in gate.measurements
    ]
    assert gate.results == whole.results
    assert gate.diagnoses == whole.diagnoses


def test_the_gate_reads_oxygen_where_it_asked_for_it() -> None:
    oxygen = bundle(observation("fi", code(LOINC, "3150-0"), valueQuantity=quantity(40, "%")))
    gate = read_chart({"oxygen": oxygen, "laboratory": None}, context(), gate=True).facts
    assert [each.concept for each in gate.measurements] == ["fio2"]


def test_counts_per_key() -> None:
    found = chart(*CROWD)
    assert (found.counts["laboratory"], found.counts["conditions"], found.counts["flags"]) == (9, 2, 1)
