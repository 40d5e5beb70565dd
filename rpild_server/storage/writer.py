"""The one thread of a process that writes records: all jobs that wait go into one transaction, then all are told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from rpild_server.storage.batch import Job, batch
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.engines import for_writing
from rpild_server.storage.errors import (
    RecordStoreBusyError,
    RecordStoreClosedError,
    RecordStoreError,
    RecordStoreFailedError,
    StorageError,
    record_failure,
)

CAPACITY = 2000  # jobs that may wait
BATCH = 256  # jobs of one transaction
LINGER_SECONDS = 0.2  # how long jobs that nobody waits for are gathered
FAULTS = (SQLAlchemyError, StorageError, OSError, ValueError, TypeError)


@dataclass(slots=True)
class _Waiting:
    job: Job
    urgent: bool
    future: Future[Any] = field(default_factory=Future)


class GroupWriter:
    """Takes jobs from any thread. Make it in the process that uses it, and close it."""

    def __init__(self, engine: Engine, keyring: Keyring, capacity: int = CAPACITY) -> None:
        self._engine = for_writing(engine)
        self._keyring = keyring
        self._capacity = capacity
        self._bell = Condition()
        self._waiting: deque[_Waiting] = deque()
        self._urgent = 0
        self._closing = False
        self._trouble: StorageError | None = None
        self._thread = Thread(target=self._run, name="rpild-records", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> StorageError | None:
        """What the last transaction failed with; None once one succeeds."""
        return self._trouble

    def submit(self, job: Job, urgent: bool = True) -> Future[Any]:
        """Queue a job; its future holds the job's result after the commit. Raises RecordStoreBusyError, ...ClosedError.

        A job that is not urgent may wait a moment for others, so that few calls cost few commits.
        """
        waiting = _Waiting(job, urgent)
        with self._bell:
            if self._closing:
                raise RecordStoreClosedError("The record store is closed.")
            if len(self._waiting) >= self._capacity:
                raise RecordStoreBusyError(f"{self._capacity} records wait already.")
            self._waiting.append(waiting)
            self._urgent += urgent
            if urgent or len(self._waiting) in (1, BATCH):
                self._bell.notify()
        return waiting.future

    def run(self, job: Job, seconds: float) -> Any:
        """Queue a job and wait for its commit; raises RecordStoreBusyError when that takes longer than `seconds`."""
        future = self.submit(job)
        try:
            return future.result(seconds)
        except (TimeoutError, CancelledError):
            future.cancel()
            raise RecordStoreBusyError(f"The record was not on the disk within {seconds} s.") from None

    def close(self, seconds: float = 9.0) -> bool:
        """Refuse new jobs and write those that wait; whether all was written in time."""
        with self._bell:
            self._closing = True
            self._bell.notify()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._abandon()
        return not self._thread.is_alive()

    def _run(self) -> None:
        live: list[_Waiting] = []
        try:
            while taken := self._take():
                live = [each for each in taken if each.future.set_running_or_notify_cancel()]
                self._write(live)
        finally:
            with self._bell:
                self._closing = True
            _tell(live, RecordStoreFailedError("The writer of the record store ended unexpectedly."))
            self._abandon()

    def _take(self) -> list[_Waiting]:
        """The next jobs; none when the store closes."""
        with self._bell:
            self._bell.wait_for(lambda: self._waiting or self._closing)
            self._bell.wait_for(lambda: self._urgent or self._closing or len(self._waiting) >= BATCH, LINGER_SECONDS)
            taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._urgent -= sum(each.urgent for each in taken)
        return taken

    def _write(self, live: Sequence[_Waiting]) -> None:
        """Write in one transaction. One bad job must not cost the others their records: then each is tried alone."""
        try:
            results = self._commit(live) if live else []
        except FAULTS as problem:
            self._recover(live, problem)
            return
        self._trouble = None
        for each, result in zip(live, results, strict=True):
            each.future.set_result(result)

    def _commit(self, live: Sequence[_Waiting]) -> list[object]:
        with batch(self._engine, self._keyring) as collected:
            return [each.job(collected) for each in live]

    def _recover(self, live: Sequence[_Waiting], problem: Exception) -> None:
        if is_of_one_job(problem) and len(live) > 1:
            for each in live:
                self._write([each])
            return
        if not is_of_one_job(problem):
            self._trouble = record_failure(problem)
        _tell(live, record_failure(problem))

    def _abandon(self) -> None:
        """Tell those who still wait that nobody will write their records."""
        with self._bell:
            left = [each for each in self._waiting if each.future.set_running_or_notify_cancel()]
            self._waiting.clear()
            self._urgent = 0
        _tell(left, RecordStoreClosedError("The record store closed before the record was written."))


def is_of_one_job(problem: Exception) -> bool:
    """Whether a fault comes from what one job wanted to write, not from the store itself."""
    if isinstance(problem, StorageError):
        return not isinstance(problem, RecordStoreError)
    bad_row = isinstance(problem, StatementError) and not isinstance(problem, DBAPIError)
    return bad_row or isinstance(problem, IntegrityError | DataError | ValueError | TypeError)


def _tell(waiting: Sequence[_Waiting], problem: StorageError) -> None:
    for each in waiting:
        if not each.future.done():
            each.future.set_exception(problem)
