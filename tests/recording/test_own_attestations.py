"""Attestations that we keep reach the hook: a card changes after one, the record of the decision names it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from fhir_mappings.attestation_drafts import Statement, attestation, withdrawn
from rpild_server.payload import unpack
from rpild_server.storage.attestations import Kept
from rpild_server.storage.replay import load
from tests.recording.conftest import Hospital

ID, PATIENT = "rpild-own-1", "p1"


def state(hospital: Hospital, code: str, value: Any, patient: str = PATIENT, id: str = ID) -> Kept:
    """A clinician attests; what the page would keep."""
    made = hospital.clock.now
    written = attestation(Statement(code, value, id, patient, "Practitioner/dr1", "Dr One", made))
    pseudonym = hospital.store().keyring.pseudonym("", PATIENT)
    kept = Kept(id, pseudonym, "c" * 64, code, "own", "final", made, json.dumps(written).encode())
    assert hospital.store().attestations.add(kept)
    return kept


def criterion(hospital: Hospital, id: str) -> tuple[str, list[str], str]:
    """Status and evidence of a criterion of a new call, and the id of its record."""
    answer = hospital.ask(hospital.body())
    assert answer.status_code == 200, answer.text
    findings = answer.json()["extension"]["org.rpild.assessment"]["findings"]
    found = next(each for each in findings if each["id"] == id)
    return found["status"], found["evidence"], answer.headers["X-Correlation-Id"]


def test_a_decision_changes_after_an_attestation_and_back_after_its_withdrawal(hospital: Hospital) -> None:
    before, _, _ = criterion(hospital, "hrctIncrease")
    kept = state(hospital, "hrct-increase-percent", Decimal(30))
    hospital.clock.pass_by(minutes=1)
    after, evidence, record = criterion(hospital, "hrctIncrease")
    assert (before, after, evidence) == ("unknown", "met", [f"Observation/{ID}"])
    stored = load(hospital.store().engine, hospital.store().keyring, record)
    (said,) = unpack(stored.payload or b"").inputs.facts.attestations
    assert (said.reference, said.value, said.by) == (f"Observation/{ID}", Decimal(30), "Dr One")
    assert hospital.run("replay", record).exit_code == 0
    gone = withdrawn(json.loads(kept.content), "Practitioner/dr2", "", hospital.clock.now)
    changed = Kept(ID, kept.patient, kept.clinician, kept.code, "own", gone["status"], kept.created, b"{}")
    assert hospital.store().attestations.change(changed, ["own"], "who", hospital.clock.now)
    assert criterion(hospital, "hrctIncrease")[0] == before


def test_a_store_that_cannot_be_read_loses_no_statement_in_silence(hospital: Hospital) -> None:
    with hospital.store().engine.begin() as connection:
        connection.execute(text("DROP TABLE attestations"))
    answer = hospital.ask(hospital.body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "RPILD-STORE-FAILED" in answer.text


def test_a_statement_about_another_patient_stops_the_call(hospital: Hospital) -> None:
    state(hospital, "progressive-dyspnoea", True, patient="somebody-else")
    answer = hospital.ask(hospital.body())
    assert answer.status_code == 400
    assert "RPILD-OTHER-PATIENT" in answer.text


@pytest.mark.parametrize("way", ["erase-patient", "retention"])
def test_what_is_erased_counts_no_longer(hospital: Hospital, way: str) -> None:
    state(hospital, "hrct-increase-percent", Decimal(30))
    if way == "erase-patient":
        assert hospital.run(way, "main", PATIENT).exit_code == 0
        assert criterion(hospital, "hrctIncrease")[0] == "unknown"
    else:
        assert hospital.run(way).exit_code == 0
        assert criterion(hospital, "hrctIncrease")[0] == "met"
