"""Whoever changes the database leaves a trace: `rpild audit verify` names table and row of whatever was changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rpild_server.settings import load_settings
from rpild_server.settings_note import note_start
from rpild_server.storage.secrets_file import load_secrets
from tests.recording.conftest import START, Hospital
from tests.recording.test_own_attestations import state

RECORDS = "data/records.sqlite3"
AT = "2026-11-24T09:00:00.000000Z"
EDITS = {
    "patient": ("UPDATE decision_records SET patient = 'zz'", "decision_records {id}: patient was changed"),
    "clinician": ("UPDATE decision_records SET clinician = 'zz'", "decision_records {id}: clinician was changed"),
    "column": ("UPDATE decision_records SET gate = 'G1'", "decision_records {id}: it was changed"),
    "unit": ("UPDATE decision_records SET unit = 'zz'", "decision_records {id}: unit, timings, summary"),
    "timings": ("UPDATE decision_records SET timings = '{{}}'", "decision_records {id}: unit, timings, summary"),
    "summary": ("UPDATE decision_records SET summary = '{{}}'", "decision_records {id}: unit, timings, summary"),
    "topic": ("UPDATE cards SET topic = 'zz'", "decision_records {id}: unit, timings, summary or its rows of cards"),
    "indicator": ("UPDATE cards SET indicator = 'info'", "decision_records {id}: unit, timings, summary or its rows"),
    "card gone": ("DELETE FROM cards", "decision_records {id}: unit, timings, summary or its rows of cards"),
    "record gone": ("DELETE FROM decision_records", "decision_records {id}: it is missing"),
    "stray card": ("DELETE FROM decision_records", "its record is missing"),
    "emptied": (
        "UPDATE decision_records SET payload = NULL, response = NULL, erased = '{at}'",
        "decision_records {id}: 1 emptied at 2026-11-24T09:00:00.000000Z, the audit log knows of 0",
    ),
    "emptied without a time": ("UPDATE decision_records SET payload = NULL", "decision_records {id}: its content is"),
    "marked as emptied": (
        "UPDATE decision_records SET erased = '{at}'",
        "{id}: erased is set, but its content is there",
    ),
    "text in a blob": ("UPDATE decision_records SET response = response || 'x'", "{id}: it cannot be read"),
    "blob in a text": ("UPDATE decision_records SET unit = x'00'", "decision_records {id}: it cannot be read"),
    "sealed": ("UPDATE decision_records SET payload = zeroblob(50)", "decision_records {id}: payload was changed"),
    "key": ("UPDATE decision_records SET key_id = 'zz'", "decision_records {id}: patient was changed"),
    "outcome": ("UPDATE feedback SET outcome = 'accepted'", "feedback "),
    "reason": ("UPDATE feedback SET reason = 'zz'", "it was changed, or the audit log does not know it"),
    "feedback gone": ("DELETE FROM feedback", "feedback: 1 rows that the audit log knows are missing or were changed"),
    "feedback of a wrong type": ("UPDATE feedback SET reason = x'00'", "feedback: a row cannot be read"),
    "switch on": ("INSERT INTO switches VALUES ('main', '', '', '', 'off', 'zz', '')", "switches ehr main: not as it"),
    "switch off": ("DELETE FROM switches", "switches hook order-sign: not as it was last set on the audit log"),
    "settings": ("UPDATE settings_history SET content = '{{}}'", "settings_history 1: it was changed"),
    "settings gone": ("DELETE FROM settings_history", "settings_history: the row of 2026-11-22T09:30:00.000000Z is"),
    "attestation": ("UPDATE attestations SET status = 'entered-in-error'", "attestations "),
    "attestation's author": (
        "UPDATE attestations SET clinician = 'zz'",
        "it is missing, was changed, or the audit log",
    ),
    "attestation gone": ("DELETE FROM attestations", "attestations "),
    "attestation emptied": ("UPDATE attestations SET content = NULL, erased = '{at}'", "attestations "),
    "attestation's content": ("UPDATE attestations SET content = NULL", "attestations "),
}


@pytest.fixture
def used(hospital: Hospital, tmp_path: Path) -> tuple[Hospital, str]:
    """A site with a decision, a statement, a switch, settings and an attestation on record; the decision's id."""
    settings = load_settings(hospital.config)
    place = settings.place()
    assert place
    note_start(settings, place, load_secrets(tmp_path / "secrets.toml"), START)
    answer = hospital.ask(hospital.body())
    (card,) = answer.json()["cards"]
    assert hospital.say(card["uuid"], overrideReason={"reason": {"code": "dataWrong"}}).status_code == 200
    hospital.run("switch", "off", "--hook", "order-sign")
    state(hospital, "progressive-dyspnoea", True)
    hospital.settle()
    return hospital, answer.headers["X-Correlation-Id"]


def edit(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / RECORDS)) as connection, connection:
        connection.execute(statement)


@pytest.mark.verifies("S8")
@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_is_named(used: tuple[Hospital, str], tmp_path: Path, name: str) -> None:
    hospital, id = used
    good = hospital.run("audit", "verify")
    assert (good.exit_code, good.stdout.splitlines()[1:]) == (0, ["records: 1 good"])
    statement, said = EDITS[name]
    edit(tmp_path, statement.format(at=AT))
    bad = hospital.run("audit", "verify")
    assert (bad.exit_code, said.format(id=id) in bad.stdout) == (1, True), bad.stdout


@pytest.mark.parametrize("value", ["x'ff'", "CAST(x'ff' AS TEXT)"])
def test_a_log_of_wrong_types_is_told(used: tuple[Hospital, str], tmp_path: Path, value: str) -> None:
    edit(tmp_path, "UPDATE audit_log SET what = {} WHERE seq = 2".format(value))  # noqa: S608, UP032
    bad = used[0].run("audit", "verify")
    assert (bad.exit_code, "holds a value of a wrong type" in bad.stdout) == (1, True)


def test_each_fault_is_told_and_the_good_are_counted(hospital: Hospital, tmp_path: Path) -> None:
    ids = [hospital.ask(hospital.body(f"dr{number}")).headers["X-Correlation-Id"] for number in range(3)]
    hospital.settle()
    for id in ids[:2]:
        edit(tmp_path, f"UPDATE decision_records SET patient = 'zz' WHERE id = '{id}'")  # noqa: S608
    lines = hospital.run("audit", "verify").stdout.splitlines()
    assert lines[1:] == [
        "records: 1 good; 2 faults:",
        *(f"  decision_records {id}: patient was changed" for id in ids[:2]),
    ]


def test_of_many_faults_the_rest_is_counted(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rpild_server.record_commands.MOST_FAULTS", 1)
    for number in range(3):
        hospital.ask(hospital.body(f"dr{number}"))
    hospital.settle()
    edit(tmp_path, "UPDATE decision_records SET patient = 'zz'")
    assert hospital.run("audit", "verify").stdout.splitlines()[-1] == "  and 2 more"


@pytest.mark.parametrize("way", ["retention", "erase-patient"])
def test_what_retention_or_erasure_emptied_is_good(used: tuple[Hospital, str], tmp_path: Path, way: str) -> None:
    hospital, _ = used
    words = ("erase-patient", "main", "p1") if way == "erase-patient" else ("retention",)
    if way == "retention":
        edit(tmp_path, "UPDATE attestations SET created = '2020'")
        assert hospital.run(*words).exit_code == 0
        edit(tmp_path, "UPDATE attestations SET created = '2026-11-22T09:30:00.000000Z'")
    else:
        assert hospital.run(*words).exit_code == 0
    assert hospital.run("audit", "verify").exit_code == 0
