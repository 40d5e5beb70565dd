"""The writer: many jobs in one commit, refusals instead of waiting for ever, one bad job alone, a clean end."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, insert

from rpild_server.storage import writer as writing
from rpild_server.storage.audit import Event, entries, verify
from rpild_server.storage.batch import Batch
from rpild_server.storage.errors import (
    RecordStoreBusyError,
    RecordStoreClosedError,
    RecordStoreFailedError,
    UnreadableRecordError,
)
from rpild_server.storage.place import Place
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import switches
from rpild_server.storage.writer import GroupWriter
from tests.storage.making import START, decision, gate_row

NOTE = Event(START, "note", "system", {})


def note(batch: Batch) -> str:
    batch.audit(NOTE)
    return "noted"


@contextmanager
def held(storage: Storage) -> Iterator[None]:
    """The writer is kept inside a transaction."""
    entered, released = threading.Event(), threading.Event()

    def wait(_batch: Batch) -> None:
        entered.set()
        assert released.wait(20)

    future = storage.writer.submit(wait)
    assert entered.wait(10)
    try:
        yield
    finally:
        released.set()
        future.result(10)


@contextmanager
def commits(storage: Storage) -> Iterator[list[float]]:
    """When transactions were committed."""
    times: list[float] = []

    def count(_connection: object) -> None:
        times.append(time.monotonic())

    event.listen(storage.engine, "commit", count)
    yield times
    event.remove(storage.engine, "commit", count)


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another process holds the write lock."""
    assert place.folder
    other = sqlite3.connect(place.folder / "records.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_what_waits_goes_into_one_commit(storage: Storage) -> None:
    with commits(storage) as times:
        with held(storage):
            futures = [storage.writer.submit(note) for _ in range(50)]
            assert not any(future.done() for future in futures)
        assert [future.result(10) for future in futures] == ["noted"] * 50
    assert len(times) == 2


def test_a_future_is_told_after_the_commit_only(storage: Storage) -> None:
    seen = []
    future: Future[Any] = storage.writer.submit(note)
    future.add_done_callback(lambda _future: seen.append(len(list(entries(storage.engine)))))
    assert storage.writer.close()
    assert seen == [1]


def test_jobs_that_nobody_waits_for_are_gathered(storage: Storage) -> None:
    with commits(storage) as times:
        start = time.monotonic()
        futures = []
        for _ in range(10):
            futures.append(storage.writer.submit(note, urgent=False))
            time.sleep(0.005)
        for future in futures:
            future.result(10)
    assert len(times) == 1
    assert times[0] - start >= writing.LINGER_SECONDS * 0.9


def test_an_urgent_job_takes_the_waiting_ones_along(storage: Storage) -> None:
    start = time.monotonic()
    with commits(storage) as times:
        slow = storage.writer.submit(note, urgent=False)
        storage.records.record(decision())
    assert slow.done()
    assert len(times) == 1
    assert times[0] - start < writing.LINGER_SECONDS


def test_a_full_batch_does_not_linger(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LINGER_SECONDS", 30)
    futures = [storage.writer.submit(note, urgent=False) for _ in range(writing.BATCH)]
    assert [future.result(10) for future in futures] == ["noted"] * writing.BATCH


def test_a_full_queue_refuses(sqlite_storage: Storage) -> None:
    small = GroupWriter(sqlite_storage.engine, sqlite_storage.keyring, capacity=3)
    with held(sqlite_storage):
        futures = [small.submit(note) for _ in range(3)]
        time.sleep(0.1)  # the first ones are taken out and wait for the database
        futures += [small.submit(note) for _ in range(3)]
        with pytest.raises(RecordStoreBusyError, match="3 records wait"):
            small.submit(note)
    assert [future.result(10) for future in futures] == ["noted"] * 6
    assert small.close()


def test_a_call_does_not_wait_longer_than_it_may(storage: Storage) -> None:
    with held(storage):
        start = time.monotonic()
        with pytest.raises(RecordStoreBusyError, match=r"within 0\.2 s"):
            storage.records.record(decision(), seconds=0.2)
        assert time.monotonic() - start < 1
    storage.records.record(decision())
    assert [each.kind for each in entries(storage.engine)] == ["decision"], "a job that was given up is not written"


def test_one_bad_job_does_not_cost_the_others(storage: Storage) -> None:
    row = {"ehr": "", "hook": "", "topic": "", "unit": "", "state": "off", "who": "x", "changed": "x"}

    def twice(batch: Batch) -> None:
        for _ in range(2):
            batch.connection.execute(insert(switches), row)

    def surrogate(batch: Batch) -> None:
        batch.connection.exec_driver_sql("SELECT 1")
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    def unreadable(_batch: Batch) -> None:
        raise UnreadableRecordError("Of one record.")

    def unfit(batch: Batch) -> None:
        batch.connection.execute(insert(switches), [row, {"ehr": "a row that lacks the other columns"}])

    jobs: list[Callable[[Batch], object]] = [note, twice, note, surrogate, unreadable, unfit, note]
    with held(storage):
        futures = [storage.writer.submit(job) for job in jobs]
    errors = [type(future.exception(10)) for future in futures]
    none, failed = type(None), RecordStoreFailedError
    assert errors == [none, failed, none, failed, UnreadableRecordError, failed, none]
    assert verify(storage.engine, storage.keyring).rows == 3
    assert storage.writer.trouble is None


def test_a_fault_tells_its_kind_and_no_value(storage: Storage) -> None:
    def wrong(batch: Batch) -> None:
        row = {"ehr": "canary", "hook": "", "topic": "", "unit": "", "state": None, "who": "x", "changed": "x"}
        batch.connection.execute(insert(switches), row)

    problem = storage.writer.submit(wrong).exception(10)
    assert isinstance(problem, RecordStoreFailedError)
    assert "canary" not in str(problem)
    assert any(kind in problem.cause for kind in ("SQLITE_CONSTRAINT_NOTNULL", "23502"))


def test_closing_writes_what_waits_and_refuses_the_rest(storage: Storage) -> None:
    for _ in range(20):
        storage.records.note(gate_row())
    last = storage.writer.submit(note, urgent=False)
    start = time.monotonic()
    assert storage.writer.close()
    assert time.monotonic() - start < 2
    assert last.result(0) == "noted"
    with pytest.raises(RecordStoreClosedError):
        storage.records.record(decision())
    with pytest.raises(RecordStoreClosedError):
        storage.records.note(gate_row())
    assert storage.writer.close()


def test_closing_does_not_hang_on_a_locked_database(files: Place, sqlite_storage: Storage) -> None:
    with locked(files):
        first = sqlite_storage.writer.submit(note)
        time.sleep(0.1)
        second = sqlite_storage.writer.submit(note)
        start = time.monotonic()
        assert not sqlite_storage.writer.close(0.3)
        assert time.monotonic() - start < 1
        assert isinstance(second.exception(1), RecordStoreClosedError)
    assert first.exception(10) is None, "what had begun ends when the lock is gone"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_dies_leaves_nobody_waiting(sqlite_storage: Storage) -> None:
    def fault(_batch: Batch) -> None:
        time.sleep(0.1)
        raise AttributeError("a fault of this program")

    with pytest.raises(RecordStoreFailedError, match="unexpectedly"):
        sqlite_storage.writer.run(fault, 10)
    with pytest.raises(RecordStoreClosedError):
        sqlite_storage.records.record(decision())


def test_a_full_load_from_many_threads_loses_nothing(storage: Storage) -> None:
    def calls(number: int) -> list[bytes]:
        return [storage.records.record(decision(response=f"{number}/{each}".encode()), 20) for each in range(10)]

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(calls, range(24)))
    assert answers == [[f"{number}/{each}".encode() for each in range(10)] for number in range(24)]
    assert verify(storage.engine, storage.keyring).rows == 240
