"""A decision is on the disk before it is answered, once, sealed, and comes back byte for byte."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select, text

from rpild_server.storage.audit import Event, entries, verify
from rpild_server.storage.batch import batch
from rpild_server.storage.crypt import Keyring, Secrets
from rpild_server.storage.errors import RecordStoreFailedError, UnknownRecordError, UnreadableRecordError
from rpild_server.storage.place import Place
from rpild_server.storage.replay import load, stream
from rpild_server.storage.retention import apply_retention, erase_patient, sweep_journal
from rpild_server.storage.store import Storage, open_storage
from rpild_server.storage.tables import cards, decision_records, feedback, gate_rows
from rpild_server.storage.vouching import Checked, verify_records
from tests.storage.making import SECRETS, START, call, decision, gate_row, later


def count(storage: Storage, table: Table) -> int:
    with storage.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def everything(storage: Storage) -> str:
    """All that the database holds, as text."""
    with storage.engine.connect() as connection:
        tables = (decision_records, cards, gate_rows, feedback)
        return " ".join(str(tuple(row)) for table in tables for row in connection.execute(select(table)))


def test_a_record_comes_back_byte_for_byte(storage: Storage) -> None:
    given = decision(unit="ICU", gate="", payload=b'{"a":"\xc3\xa9"}')
    assert storage.records.record(given) == given.response
    found = load(storage.engine, storage.keyring, given.id)
    kept = ("id", "call", "patient", "clinician", "unit", "gate", "created", "payload", "response", "timings")
    assert [getattr(found, name) for name in kept] == [getattr(given, name) for name in kept]
    assert (found.knowledge_version, found.knowledge_sha256, found.app_version) == ("1.0.0", "d" * 64, "0.1.0")
    assert "canary" not in repr(found)
    assert count(storage, cards) == 1


def test_a_repeated_call_gets_the_first_answer(storage: Storage) -> None:
    first = decision()
    second = replace(decision(), call=first.call, response=b"another")
    assert storage.records.find(first.call) is None
    assert [storage.records.record(each) for each in (first, second)] == [first.response] * 2
    assert storage.records.find(first.call) == first.response
    assert (count(storage, decision_records), count(storage, cards)) == (1, 1)
    assert [entry.kind for entry in entries(storage.engine)] == ["decision"]


@pytest.mark.parametrize("part", ["iss", "service", "hook_instance", "body_sha256"])
def test_another_call_is_recorded_anew(storage: Storage, part: str) -> None:
    first = decision()
    other = replace(decision(), call=replace(first.call, **{part: "other"}), response=b"another")
    assert [storage.records.record(each) for each in (first, other)] == [first.response, b"another"]
    assert count(storage, decision_records) == 2


def test_the_same_call_twenty_times_at_once_is_one_record(storage: Storage) -> None:
    key = call()
    calls = [replace(decision(), call=key, response=f"answer {number}".encode()) for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda each: storage.records.record(each, 20), calls))
    assert len(set(answers)) == 1
    assert count(storage, decision_records) == 1
    assert verify(storage.engine, storage.keyring).rows == 1


def test_many_threads_each_get_their_own_answer(storage: Storage) -> None:
    calls = [decision(response=f"answer {number}".encode()) for number in range(120)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda each: storage.records.record(each, 20), calls))
    assert answers == [each.response for each in calls]
    assert verify(storage.engine, storage.keyring).rows == 120
    assert verify_records(storage.engine) == Checked(120)


def test_a_stolen_id_is_refused_and_told(storage: Storage) -> None:
    first = decision()
    storage.records.record(first)
    with pytest.raises(RecordStoreFailedError):
        storage.records.record(replace(decision(), id=first.id))
    assert count(storage, decision_records) == 1
    assert storage.trouble(START) is None, "a bad row is no trouble of the store"


def test_nothing_stored_shows_content(storage: Storage) -> None:
    storage.records.record(decision())
    assert "canary" not in everything(storage)


def test_no_file_shows_content(files: Place, sqlite_storage: Storage) -> None:
    sqlite_storage.records.record(decision())
    assert files.folder
    assert all(b"canary" not in path.read_bytes() for path in files.folder.iterdir())


def test_a_gate_row_is_written_without_being_waited_for(storage: Storage) -> None:
    for number in range(3):
        storage.records.note(gate_row(gate=f"G{number}"))
    storage.records.record(decision())
    assert count(storage, gate_rows) == 3


def test_what_is_not_there_or_not_readable_is_told(storage: Storage) -> None:
    given = decision()
    storage.records.record(given)
    with pytest.raises(UnknownRecordError, match="X-Correlation-Id"):
        load(storage.engine, storage.keyring, "nobody")
    other = Keyring(Secrets("x", {"x": b"x" * 32}, b"p" * 32))
    with pytest.raises(UnreadableRecordError, match="2026-11"):
        load(storage.engine, other, given.id)


def test_old_keys_read_after_a_rotation(place: Place, storage: Storage) -> None:
    old = decision()
    storage.records.record(old)
    rotated = Secrets("2027-01", {**SECRETS.keys, "2027-01": b"n" * 32}, SECRETS.pseudonym)
    second = open_storage(place, rotated)
    new = decision()
    second.records.record(new)
    assert [load(second.engine, second.keyring, each.id).payload for each in (old, new)] == [old.payload, new.payload]
    assert verify(second.engine, second.keyring).rows == 2
    second.close()
    with pytest.raises(UnreadableRecordError):
        load(storage.engine, storage.keyring, new.id)


def test_content_moved_to_another_record_is_noticed(storage: Storage) -> None:
    one, other = decision(), decision()
    for each in (one, other):
        storage.records.record(each)
    move = "UPDATE decision_records SET payload = (SELECT payload FROM decision_records WHERE id = :a) WHERE id = :b"
    with storage.engine.begin() as connection:
        connection.execute(text(move), {"a": one.id, "b": other.id})
    with pytest.raises(UnreadableRecordError, match="changed"):
        load(storage.engine, storage.keyring, other.id)
    assert verify_records(storage.engine).faults == (f"decision_records {other.id}: payload was changed",)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE decision_records SET gate = 'G1' WHERE id = :id", "decision_records {id}: it was changed"),
        ("DELETE FROM decision_records WHERE id = :id", "decision_records {id}: it is missing"),
        (
            "UPDATE decision_records SET response = NULL, payload = NULL WHERE id = :id",
            "decision_records {id}: its content is gone, and nothing is said of when",
        ),
    ],
)
def test_the_audit_log_vouches_for_records(storage: Storage, statement: str, fault: str) -> None:
    given = [decision(cards=()) for _ in range(3)]
    for each in given:
        storage.records.record(each)
    with storage.engine.begin() as connection:
        connection.execute(text(statement), {"id": given[1].id})
    assert verify_records(storage.engine) == Checked(2, (fault.format(id=given[1].id),))


def test_a_record_that_nobody_vouches_for_is_found(storage: Storage) -> None:
    storage.records.record(decision())
    copy = (
        "INSERT INTO decision_records SELECT 'forged', 'forged', hook_instance, iss, service, body_sha256, patient,"
        " clinician, unit, gate, knowledge_version, knowledge_sha256, app_version, created, key_id, payload, response,"
        " payload_sha256, response_sha256, timings, erased, summary FROM decision_records"
    )
    with storage.engine.begin() as connection:
        connection.execute(text(copy))
    assert verify_records(storage.engine) == Checked(1, ("decision_records forged: the audit log does not know it",))


def test_retention_removes_content_and_keeps_the_row(storage: Storage) -> None:
    old, new = decision(), decision(created=later(days=20))
    for each in (old, new):
        storage.records.record(each)
    with batch(storage.engine, storage.keyring) as transaction:
        assert apply_retention(transaction, 30, later(days=40)) == 1
    with batch(storage.engine, storage.keyring) as transaction:
        assert apply_retention(transaction, 30, later(days=40)) == 0
    with pytest.raises(UnreadableRecordError, match="2027-01-01"):
        load(storage.engine, storage.keyring, old.id)
    assert load(storage.engine, storage.keyring, new.id).payload == new.payload
    assert (storage.records.find(old.call), storage.records.find(new.call)) == (None, new.response)
    assert (count(storage, decision_records), verify_records(storage.engine)) == (2, Checked(2))
    assert [entry.kind for entry in entries(storage.engine)] == ["decision", "decision", "retention"]
    again = replace(decision(), call=old.call)
    assert storage.records.record(again) == again.response


def test_erasing_a_patient_takes_content_and_pseudonym(storage: Storage) -> None:
    mine, other = decision(patient="1" * 64), decision(patient="2" * 64)
    for each in (mine, other):
        storage.records.record(each)
    storage.records.note(gate_row(patient="1" * 64))
    storage.audit(Event(START, "note", "system", {}), wait=True)
    with batch(storage.engine, storage.keyring) as transaction:
        assert erase_patient(transaction, "1" * 64, "officer", later(days=1)) == 1
    assert "1" * 64 not in everything(storage)
    assert load(storage.engine, storage.keyring, other.id).response == other.response
    assert (verify_records(storage.engine), verify(storage.engine, storage.keyring).good) == (Checked(2), True)


def test_erased_content_is_in_no_file(files: Place, sqlite_storage: Storage) -> None:
    given = decision()
    sqlite_storage.records.record(given)
    with sqlite_storage.engine.connect() as connection:
        sealed = connection.execute(select(decision_records.c.payload)).scalar_one()
    assert files.folder
    with batch(sqlite_storage.engine, sqlite_storage.keyring) as transaction:
        erase_patient(transaction, given.patient, "officer", later(days=1))
    sweep_journal(sqlite_storage.engine)
    assert all(sealed[:64] not in path.read_bytes() for path in files.folder.iterdir())


def test_sweeping_is_nothing_on_postgres(postgres: str, storage: Storage) -> None:
    sweep_journal(storage.engine)
    assert storage.trouble(START) is None


def test_decisions_are_streamed_in_order_page_by_page(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rpild_server.storage.replay.PAGE", 3)
    given = [decision(created=later(minutes=number // 2)) for number in range(10)]
    for each in given:
        storage.records.record(each)
    with batch(storage.engine, storage.keyring) as transaction:
        erase_patient(transaction, "a" * 64, "officer", later(days=1))
    span = list(stream(storage.engine, storage.keyring, START, later(minutes=4)))
    assert [each.created for each in span] == [each.created for each in given[:8]]
    assert {each.id for each in span} == {each.id for each in given[:8]}
    assert {each.payload for each in span} == {None}
