"""A decision is recorded before it is given, comes again byte by byte, and is removed when its time is over."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from rpild_server.payload import unpack
from rpild_server.storage.replay import load
from rpild_server.storage.tables import cards, decision_records, gate_rows
from tests.recording.conftest import FIRST, Hospital, running
from tests.service.calls import bundle, condition, healthy

AGAIN = "The same bytes come again."


def records(hospital: Hospital) -> list[dict[str, object]]:
    hospital.settle()
    with hospital.store().engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(decision_records)).mappings()]


def test_a_decision_is_on_record_when_its_answer_arrives(hospital: Hospital) -> None:
    answer = hospital.ask(hospital.body())
    decision = load(hospital.store().engine, hospital.store().keyring, answer.headers["X-Correlation-Id"])
    assert decision.response == answer.content
    assert decision.payload
    kept = unpack(decision.payload)
    assert kept.inputs.request.patient_id == "p1"
    assert [m.printed for m in kept.inputs.facts.measurements if m.concept == "fvc"] == ["3.0 L", "2.6 L"]
    assert kept.assessment["cards"] == [FIRST]
    assert set(decision.timings) == {"read", "total"}
    assert "p1" not in decision.patient
    (event,) = hospital.log("decision")
    assert json.loads(event.what)["record"] == decision.id


def test_versions_of_resources_are_kept(hospital: Hospital) -> None:
    dm = condition("396230008", "Dermatomyositis", "2026-09-20", "dm") | {"meta": {"versionId": "7"}}
    answer = hospital.ask(hospital.body(more={"conditions": bundle(dm)}))
    decision = load(hospital.store().engine, hospital.store().keyring, answer.headers["X-Correlation-Id"])
    assert unpack(decision.payload or b"").versions == {"Condition/dm": "7"}


def test_nothing_of_the_chart_can_be_read_in_the_files(hospital: Hospital, tmp_path: Path) -> None:
    named = condition("267036007", "Canary dyspnoea", "2026-11-04", "canary-condition")
    hospital.ask(hospital.body(user="canary-user", more={"conditions": bundle(named)}))
    hospital.settle()
    content = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"anary" not in content
    assert content


def test_a_call_that_stops_at_the_gate_leaves_a_short_row(hospital: Hospital) -> None:
    body = hospital.body()
    answer = hospital.ask(body | {"prefetch": healthy(hospital.keys)})
    assert answer.json()["cards"] == []
    assert records(hospital) == []
    with hospital.store().engine.connect() as connection:
        (row,) = connection.execute(select(gate_rows)).mappings()
    assert (row["gate"], row["hook_instance"]) == ("G3", body["hookInstance"])


def test_a_repeated_call_gets_the_stored_bytes(hospital: Hospital) -> None:
    body = hospital.body()
    first = hospital.ask(body)
    hospital.clock.pass_by(hours=2)
    assert hospital.ask(body).content == first.content
    assert len(records(hospital)) == 1
    assert hospital.topics() == []  # the memory was written once, and holds


def test_a_repeated_call_is_known_to_another_process(tmp_path: Path) -> None:
    with running(tmp_path) as one:
        body = one.body()
        first = one.ask(body)
    with running(tmp_path) as other:
        other.clock.pass_by(hours=30)
        assert other.ask(body).content == first.content


def test_twenty_equal_calls_at_once_are_one_decision(hospital: Hospital) -> None:
    body = hospital.body()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: hospital.ask(body), range(20)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.content for each in answers}) == 1
    assert len(records(hospital)) == 1
    assert [each["source"]["topic"]["code"] for each in answers[0].json()["cards"]] == [FIRST]


@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_a_record_replays_to_the_same_bytes(hospital: Hospital, hook: str) -> None:
    drug = {"resourceType": "MedicationRequest", "id": "d", "status": "draft", "intent": "order",
            "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": "methotrexate"}}  # fmt: skip
    context = {"draftOrders": bundle(drug)} if hook == "order-sign" else {}
    hospital.ask(hospital.body())
    hospital.clock.pass_by(hours=1)
    answer = hospital.ask(hospital.body(hook=hook, context=context), f"rpild-{hook}")
    result = hospital.run("replay", answer.headers["X-Correlation-Id"])
    assert (result.exit_code, result.stderr.strip()) == (0, AGAIN)
    assert result.stdout.strip() == answer.text
    assert len(hospital.log("replay")) == 1


def test_a_record_of_another_version_is_printed_and_says_what_is_needed(hospital: Hospital) -> None:
    id = hospital.ask(hospital.body()).headers["X-Correlation-Id"]
    for change, words in (
        ({"app_version": "9.9"}, "Decided by version 9.9"),
        ({"app_version": "0.1.0", "knowledge_sha256": "f" * 64, "knowledge_version": "7"}, "knowledge 7, sha256 fff"),
    ):
        with hospital.store().engine.begin() as connection:
            connection.execute(update(decision_records).values(change))
        result = hospital.run("replay", id)
        assert (result.exit_code, words in result.stderr) == (1, True), result.stderr
        assert json.loads(result.stdout)["cards"]


def test_a_record_of_other_site_values_names_them(hospital: Hospital, tmp_path: Path) -> None:
    id = hospital.ask(hospital.body()).headers["X-Correlation-Id"]
    site = 'value = 45\nauthor = "A"\nreason = "r"\ndate = 2026-11-01\n'
    (tmp_path / "site.toml").write_text(f"[override.attestation_days]\n{site}")
    hospital.config.write_text('site_file = "site.toml"\n' + hospital.config.read_text())
    result = hospital.run("replay", id)
    assert (result.exit_code, "other values of the site: none" in result.stderr) == (1, True)


def test_an_unknown_record_is_told(hospital: Hospital) -> None:
    result = hospital.run("replay", "nothing")
    assert (result.exit_code, "RPILD-RECORD-UNKNOWN" in result.stderr) == (2, True)


def test_content_is_removed_when_its_time_is_over(tmp_path: Path) -> None:
    with running(tmp_path, "retention_days = 30") as hospital:
        id = hospital.ask(hospital.body()).headers["X-Correlation-Id"]
        hospital.settle()
        with hospital.store().engine.begin() as connection:
            connection.execute(update(decision_records).values(created="2020-01-01T00:00:00.000000Z"))
        result = hospital.run("retention")
        assert "removed from 1 record older than 30 days" in result.stdout
        assert hospital.run("replay", id).exit_code == 2
        (row,) = records(hospital)
        assert row["payload"] is None
        assert json.loads(str(row["summary"]))["shown"] == [FIRST]


def test_a_patient_can_be_erased(hospital: Hospital) -> None:
    answer = hospital.ask(hospital.body())
    result = hospital.run("erase-patient", "main", "Patient/p1")
    assert (result.stdout, result.stderr) == ("content removed from 1 record and 1 remembered card\n", "")
    assert hospital.run("replay", answer.headers["X-Correlation-Id"]).exit_code == 2
    assert hospital.run("audit", "verify").exit_code == 0
    assert hospital.topics() == [FIRST]


def test_an_erasure_of_nothing_is_told(hospital: Hospital) -> None:
    hospital.topics()
    nothing = hospital.run("erase-patient", "main", "p2")
    assert (nothing.exit_code, "removed from 0 records" in nothing.stdout) == (0, True)
    assert "No record with content is about this patient of main" in nothing.stderr
    unknown = hospital.run("erase-patient", "elsewhere", "p1")
    assert (unknown.exit_code, "No EHR is named elsewhere; write one of main" in unknown.stderr) == (2, True)
    assert hospital.run("erase-patient", "https://gone.example", "p1").exit_code == 0
    assert hospital.topics("dr2") == [FIRST]


@pytest.mark.verifies("S8")
def test_the_audit_log_is_verified_and_a_forged_row_is_named(hospital: Hospital, tmp_path: Path) -> None:
    hospital.topics()
    hospital.settle()
    heads = tmp_path / "heads"
    nothing = hospital.run("audit", "verify", "--heads", str(heads))
    assert (nothing.exit_code, "nothing would be compared" in nothing.stderr) == (2, True)
    assert "audit-head-" in hospital.run("audit", "head", str(heads)).stdout
    assert "nothing to write" in hospital.run("audit", "head", str(heads)).stdout
    good = hospital.run("audit", "verify", "--heads", str(heads))
    assert (good.exit_code, "records: 1 good" in good.stdout) == (0, True)
    with sqlite3.connect(tmp_path / "data/records.sqlite3") as files:
        files.execute("UPDATE audit_log SET who = 'nobody' WHERE seq = 1")
    bad = hospital.run("audit", "verify")
    assert (bad.exit_code, "row 1 was changed" in bad.stdout) == (1, True)


def test_a_forged_record_is_named(hospital: Hospital) -> None:
    hospital.topics()
    with hospital.store().engine.begin() as connection:
        connection.execute(update(decision_records).values(gate="G1"))
    bad = hospital.run("audit", "verify")
    assert (bad.exit_code, "was changed" in bad.stdout) == (1, True)


def test_cards_know_their_record(hospital: Hospital) -> None:
    (card,) = hospital.cards()
    hospital.settle()
    with hospital.store().engine.connect() as connection:
        (row,) = connection.execute(select(cards)).mappings()
    assert (row["card_id"], row["topic"], row["indicator"]) == (card["uuid"], FIRST, "critical")
    assert FIRST not in row["fingerprint"]
