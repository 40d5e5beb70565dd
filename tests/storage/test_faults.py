"""When the disk or the database fails, the call is told in time and nothing is lost or half there; then it goes on."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from rpild_server.storage.audit import entries, verify
from rpild_server.storage.errors import (
    RecordStoreBusyError,
    RecordStoreError,
    RecordStoreFailedError,
    UnwritableError,
)
from rpild_server.storage.place import Place
from rpild_server.storage.records import Decision
from rpild_server.storage.replay import load
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import Storage, open_storage
from rpild_server.storage.vouching import Checked, verify_records
from tests.storage.cluster import command, new_database
from tests.storage.making import SECRETS, START, decision, gate_row


def records_file(place: Place) -> Path:
    assert place.folder
    return place.folder / "records.sqlite3"


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The disk is full for this process: no file grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def record_until_it_fails(storage: Storage) -> tuple[list[Decision], RecordStoreError]:
    done: list[Decision] = []
    for _ in range(500):
        each = decision()
        try:
            storage.records.record(each)
        except RecordStoreError as problem:
            return done, problem
        done.append(each)
    raise AssertionError("500 records went into a full disk")


def test_a_full_disk(files: Place, sqlite_storage: Storage) -> None:
    size = max(path.stat().st_size for path in records_file(files).parent.iterdir())
    with files_no_larger_than(size + 400_000):
        done, problem = record_until_it_fails(sqlite_storage)
        assert isinstance(problem, RecordStoreFailedError)
        assert "disk" in problem.remedy
        assert len(done) >= 5
        assert sqlite_storage.writer.trouble is not None
    assert sqlite_storage.trouble(START) is None, "once there is room it recovers by itself"
    last = decision()
    sqlite_storage.records.record(last)
    for each in (*done, last):
        assert load(sqlite_storage.engine, sqlite_storage.keyring, each.id).response == each.response
    assert [each.kind for each in entries(sqlite_storage.engine)] == ["decision"] * len(done) + [
        "recovered",
        "decision",
    ]
    assert verify(sqlite_storage.engine, sqlite_storage.keyring).good
    assert verify_records(sqlite_storage.engine) == Checked(len(done) + 1)


@pytest.mark.slow
def test_a_database_locked_for_ten_seconds(files: Place, sqlite_storage: Storage) -> None:
    other = sqlite3.connect(records_file(files), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun, refused = time.monotonic(), []
    while time.monotonic() - begun < 10:
        start = time.monotonic()
        with pytest.raises((RecordStoreBusyError, RecordStoreFailedError)) as caught:
            sqlite_storage.records.record(decision(), seconds=1)
        refused.append((time.monotonic() - start, caught.value.code))
    assert max(seconds for seconds, _ in refused) < 1.5, "each call is told in time"
    assert sqlite_storage.trouble(START) is not None
    other.execute("ROLLBACK")
    other.close()
    given = decision()
    assert sqlite_storage.records.record(given, seconds=6) == given.response
    assert sqlite_storage.trouble(START) is None
    assert verify_records(sqlite_storage.engine).faults == ()


def test_a_missing_table(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_log RENAME TO gone"))
    with pytest.raises(RecordStoreFailedError):
        storage.records.record(decision())
    assert storage.trouble(START) is not None
    with storage.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO audit_log"))
    assert storage.trouble(START) is None
    storage.records.record(decision())
    assert verify_records(storage.engine) == Checked(1)


def test_a_table_that_cannot_be_read(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("ALTER TABLE decision_records RENAME TO gone"))
    with pytest.raises(RecordStoreFailedError):
        storage.records.find(decision().call)


def test_a_short_row_that_could_not_be_written_shows_as_trouble(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gate_rows RENAME TO gone"))
    storage.records.note(gate_row())
    deadline = time.monotonic() + 5
    while storage.writer.trouble is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert isinstance(storage.writer.trouble, RecordStoreFailedError)


def test_a_damaged_page_is_told(files: Place) -> None:
    migrate(files)
    storage = open_storage(files, SECRETS)
    for _ in range(30):
        storage.records.record(decision())
    storage.close()
    path = records_file(files)
    content = bytearray(path.read_bytes())
    page = 4096
    content[page : 20 * page] = b"\xff" * (19 * page)
    path.write_bytes(content)
    with pytest.raises((RecordStoreError, UnwritableError), match="SQLITE_CORRUPT") as caught:
        use(files)
    assert "backup" in caught.value.remedy


def use(place: Place) -> None:
    storage = open_storage(place, SECRETS)
    try:
        storage.records.record(decision())
    finally:
        storage.close()


def test_lost_connections_are_made_anew(postgres: str) -> None:
    place = Place(url=new_database(postgres))
    migrate(place)
    storage = open_storage(place, SECRETS)
    before, after = decision(), decision()
    storage.records.record(before)
    command(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'rpild_%'")
    storage.records.record(after, 5)
    assert storage.trouble(START) is None
    assert [storage.records.find(each.call) for each in (before, after)] == [before.response, after.response]
    assert verify_records(storage.engine) == Checked(2)
    assert storage.close()
