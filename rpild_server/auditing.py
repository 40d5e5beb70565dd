"""Matters of security into the audit log, at a rate that a flood of refused calls cannot raise."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from rpild_server.logs import report
from rpild_server.storage.audit import Event
from rpild_server.storage.errors import StorageError
from rpild_server.storing import Store

MOST_A_MINUTE = 60
MINUTE = 60.0


class AuditTrail:
    """Appends events; beyond a number a minute they are counted, and the count stands in the next one kept."""

    def __init__(
        self, store: Store | None, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._minute = float("-inf")
        self._kept = 0
        self._left_out = 0

    def __call__(self, kind: str, who: str, **what: object) -> None:
        """Keep an event; `who` is an EHR's name. A storage that fails is reported, and changes no answer."""
        left_out = self._admit()
        if self._store is None or left_out is None:
            return
        try:
            self._store().audit(Event(self._now(), kind, who or "unknown", what | _counted(left_out)))
        except StorageError as problem:
            report("audit-failed", code=problem.code)

    def _admit(self) -> int | None:
        """The number left out since the last event kept; None if this one is left out too."""
        with self._lock:
            if self._clock() - self._minute >= MINUTE:
                self._minute, self._kept = self._clock(), 0
            if self._kept >= MOST_A_MINUTE:
                self._left_out += 1
                return None
            self._kept += 1
            left_out, self._left_out = self._left_out, 0
            return left_out


def _counted(left_out: int) -> dict[str, object]:
    return {"left_out": left_out} if left_out else {}
