"""The audit log names its first bad row, whatever was done to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from rpild_server.storage import audit
from rpild_server.storage.audit import Event, entries, row_hash, verify
from rpild_server.storage.batch import batch
from rpild_server.storage.crypt import Keyring, Secrets
from rpild_server.storage.errors import ChainBrokenError
from rpild_server.storage.heads import export_head, read_exported
from rpild_server.storage.store import Storage
from tests.storage.making import SECRETS, START, decision, later

ROWS = 7


@pytest.fixture
def log(storage: Storage) -> Storage:
    """A log of seven rows."""
    append(storage, ROWS)
    return storage


def append(storage: Storage, rows: int) -> None:
    with batch(storage.engine, storage.keyring) as transaction:
        for number in range(rows):
            transaction.audit(Event(later(minutes=number), "note", "system", {"number": number}))


def tamper(storage: Storage, *statements: str, **values: object) -> None:
    with storage.engine.begin() as connection:
        for each in statements:
            connection.execute(text(each), values)


def test_a_whole_log_is_good(log: Storage) -> None:
    assert verify(log.engine, log.keyring) == audit.Verdict(ROWS)
    found = list(entries(log.engine))
    assert [each.seq for each in found] == list(range(1, ROWS + 1))
    assert found[0].time == "2026-11-22T09:30:00.000000Z"
    assert (found[3].kind, found[3].who, found[3].what) == ("note", "system", '{"number":3}')


def test_an_empty_log_is_good(storage: Storage) -> None:
    assert verify(storage.engine, storage.keyring) == audit.Verdict(0)


COPY = "UPDATE audit_log SET what = (SELECT what FROM audit_log WHERE seq = {b}) WHERE seq = {a}"
TAMPERINGS = {
    "edited": (["UPDATE audit_log SET what = '{}' WHERE seq = 3"], 3, "row 3 was changed"),
    "its time edited": (["UPDATE audit_log SET time = '2026' WHERE seq = 1"], 1, "row 1 was changed"),
    "its actor edited": (["UPDATE audit_log SET who = 'x' WHERE seq = 7"], 7, "row 7 was changed"),
    "its hash edited": (["UPDATE audit_log SET hash = 'x' WHERE seq = 5"], 5, "row 5 was changed"),
    "deleted": (["DELETE FROM audit_log WHERE seq = 4"], 4, "row 4 is missing; the next one there is row 5"),
    "first deleted": (["DELETE FROM audit_log WHERE seq = 1"], 1, "row 1 is missing"),
    "last deleted": (["DELETE FROM audit_log WHERE seq > 5"], 6, "row 6 is missing; the head names row 7"),
    "all deleted": (["DELETE FROM audit_log"], 1, "row 1 is missing; the head names row 7"),
    "swapped": (
        [
            "UPDATE audit_log SET seq = 100 WHERE seq = 2",
            "UPDATE audit_log SET seq = 2 WHERE seq = 6",
            "UPDATE audit_log SET seq = 6 WHERE seq = 100",
        ],
        2,
        "row 2 was changed",
    ),
    "deleted and renumbered": (
        ["DELETE FROM audit_log WHERE seq = 7", "UPDATE audit_head SET seq = 6"],
        7,
        "not signed",
    ),
    "head removed": (["DELETE FROM audit_head"], 8, "head of the audit log is gone"),
    "head edited": (["UPDATE audit_head SET hash = 'x'"], 8, "not signed"),
    "head of another key": (["UPDATE audit_head SET key_id = 'x'"], 8, "not signed"),
    "everything removed": (["DELETE FROM audit_log", "DELETE FROM audit_head"], 0, ""),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_first_bad_row_is_named(log: Storage, name: str) -> None:
    statements, bad, said = TAMPERINGS[name]
    tamper(log, *statements)
    verdict = verify(log.engine, log.keyring)
    assert (verdict.bad, verdict.good) == (bad, not said)
    assert said in verdict.fault


def test_an_edited_row_with_a_fitting_hash_breaks_the_next_one(log: Storage) -> None:
    row = next(each for each in entries(log.engine) if each.seq == 4)
    forged = row_hash(4, row.time, row.kind, row.who, '{"number":9}', row.prev_hash)
    tamper(log, "UPDATE audit_log SET what = :what, hash = :hash WHERE seq = 4", what='{"number":9}', hash=forged)
    verdict = verify(log.engine, log.keyring)
    assert (verdict.bad, verdict.rows) == (5, 4)
    assert verdict.fault == "row 5 does not continue row 4: one of the two was replaced"


def test_a_row_put_behind_the_head_is_found(log: Storage) -> None:
    last = list(entries(log.engine))[-1]
    forged = row_hash(8, last.time, "note", "x", "{}", last.hash)
    statement = "INSERT INTO audit_log VALUES (8, :time, 'note', 'x', '{}', :prev, :hash)"
    tamper(log, statement, time=last.time, prev=last.hash, hash=forged)
    assert verify(log.engine, log.keyring).fault == "the head names row 7, the log goes on after it"
    assert verify(log.engine, log.keyring).bad == 8


def test_a_head_signed_over_another_hash_is_found(log: Storage) -> None:
    """Whoever holds the key could sign another head; then it does not fit the last row."""
    mac = log.keyring.sign("7 other")
    tamper(log, "UPDATE audit_head SET hash = 'other', mac = :mac", mac=mac)
    verdict = verify(log.engine, log.keyring)
    assert (verdict.bad, verdict.fault) == (7, "the head names row 7 with another hash")


def test_an_old_copy_of_the_log_is_told_by_an_exported_head(log: Storage, tmp_path: Path) -> None:
    exported = export_head(log.engine, log.keyring, tmp_path / "heads", later(hours=1))
    assert exported == tmp_path / "heads" / "audit-head-2026-11-22.json"
    assert export_head(log.engine, log.keyring, tmp_path / "heads", later(hours=2)) is None
    heads = read_exported(tmp_path / "heads", log.keyring)
    assert verify(log.engine, log.keyring, heads).good
    tamper(log, "DELETE FROM audit_log", "DELETE FROM audit_head")
    assert verify(log.engine, log.keyring, heads).fault == "row 7 was exported as head and is gone"
    append(log, ROWS + 2)
    assert verify(log.engine, log.keyring, heads).good, "the same rows written again are the same log"
    tamper(log, "DELETE FROM audit_log", "DELETE FROM audit_head")
    append(log, 1)
    with batch(log.engine, log.keyring) as transaction:
        for _ in range(ROWS):
            transaction.audit(Event(START, "forged", "system", {}))
    verdict = verify(log.engine, log.keyring, heads)
    assert (verdict.bad, "the log was rewritten" in verdict.fault) == (7, True)


def test_nothing_is_exported_of_an_empty_log(storage: Storage, tmp_path: Path) -> None:
    assert export_head(storage.engine, storage.keyring, tmp_path, START) is None
    with pytest.raises(FileNotFoundError, match="nothing would be compared"):
        read_exported(tmp_path, storage.keyring)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"seq":1,"hash":"x","key_id":"2026-11","mac":"y"}'])
def test_a_foreign_export_is_refused(storage: Storage, tmp_path: Path, content: str) -> None:
    (tmp_path / "audit-head-2026-11-22.json").write_text(content)
    with pytest.raises(ChainBrokenError, match="not a head exported"):
        read_exported(tmp_path, storage.keyring)


@pytest.mark.parametrize("statement", ["DELETE FROM audit_head", "UPDATE audit_head SET mac = 'x'"])
def test_nothing_is_appended_to_a_broken_chain(log: Storage, statement: str) -> None:
    tamper(log, statement)
    with pytest.raises(ChainBrokenError, match="RPILD-STORE-CHAIN"):
        log.records.record(decision())
    assert log.trouble(START) is not None
    assert verify(log.engine, log.keyring).rows == ROWS


def test_the_chain_goes_on_after_a_rotation_of_keys(log: Storage) -> None:
    rotated = Keyring(Secrets("new", {**SECRETS.keys, "new": b"n" * 32}, SECRETS.pseudonym))
    with batch(log.engine, rotated) as transaction:
        transaction.audit(Event(START, "note", "system", {}))
    assert verify(log.engine, rotated).rows == ROWS + 1
    assert not verify(log.engine, log.keyring).good


def test_a_long_log_is_read_page_by_page(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 10)
    append(storage, 35)
    assert [each.seq for each in entries(storage.engine, after=12)] == list(range(13, 36))
    assert verify(storage.engine, storage.keyring) == audit.Verdict(35)


def test_an_event_is_logged_with_or_without_waiting(storage: Storage) -> None:
    storage.audit(Event(START, "refused", "system", {"code": "x"}))
    storage.audit(Event(START, "note", "system", {}), wait=True)
    assert [each.kind for each in entries(storage.engine)] == ["refused", "note"]


def test_an_event_that_cannot_be_stored_is_refused_where_it_happens() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        Event(START.replace(tzinfo=None), "note", "system", {})
    with pytest.raises(TypeError):
        Event(START, "note", "system", {"what": object()})


def test_a_transaction_that_fails_appends_nothing(log: Storage) -> None:
    def appending() -> None:
        with batch(log.engine, log.keyring) as transaction:
            transaction.audit(Event(START, "note", "system", {}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        appending()
    assert verify(log.engine, log.keyring) == audit.Verdict(ROWS)
