"""Matters of security into the audit log, at a rate that a flood of refused calls cannot raise."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from rpild_server.logs import report
from rpild_server.storage.audit import Event
from rpild_server.storage.errors import StorageError
from rpild_server.storing import Store

MOST_A_MINUTE = 60
MINUTE = 60.0
# What is done to a patient's data is kept whole: only somebody with an open page can bring it about.
KEPT_WHOLE = frozenset({"launch", "chart-read", "logout", "attestation", "attestation-changed", "feedback"})


@dataclass(slots=True)
class _Tally:
    """The events of one code in the minute that runs."""

    minute: float = float("-inf")
    kept: int = 0
    left_out: int = 0


class AuditTrail:
    """Appends events; of each code only so many a minute, the others are counted in the next one that is kept.

    Codes are counted apart, so that a flood of one hides no other; uses of a patient's data are never left out.
    """

    def __init__(
        self, store: Store | None, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._tallies: dict[object, _Tally] = {}

    def __call__(self, kind: str, who: str, **what: object) -> None:
        """Keep an event; `who` is an EHR's name. A storage that fails is reported, and changes no answer."""
        left_out = 0 if kind in KEPT_WHOLE else self._admit(what.get("code", kind))
        if self._store is None or left_out is None:
            return
        try:
            self._store().audit(Event(self._now(), kind, who or "unknown", what | _counted(left_out)))
        except StorageError as problem:
            report("audit-failed", code=problem.code)

    def _admit(self, code: object) -> int | None:
        """The number left out since the last event of this code was kept; None if this one is left out too."""
        with self._lock:
            tally = self._tallies.setdefault(code, _Tally())
            if self._clock() - tally.minute >= MINUTE:
                tally.minute, tally.kept = self._clock(), 0
            if tally.kept >= MOST_A_MINUTE:
                tally.left_out += 1
                return None
            tally.kept += 1
            left_out, tally.left_out = tally.left_out, 0
            return left_out


def pseudonyms(store: Store) -> Callable[[str, str], str]:
    """How patients of an issuer are named in events: as in their records; not at all while there is no storage."""

    def pseudonym(iss: str, patient_id: str) -> str:
        try:
            return store().keyring.pseudonym(iss, patient_id)
        except StorageError:
            return ""

    return pseudonym


def _counted(left_out: int) -> dict[str, object]:
    return {"left_out": left_out} if left_out else {}
