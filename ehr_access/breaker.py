"""A circuit breaker per FHIR server: one that is down is left alone for a while and costs no call its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 3
OPEN_SECONDS = 30.0


class Breaker:
    """Counts groups of reads in which no answer came at all; after some in a row it opens.

    When it has been open long enough, one group is let through: its outcome closes it, or opens it for as long again.
    A server that refuses or answers some searches with an error is not down.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, told: Callable[[bool], None] = lambda _open: None
    ) -> None:
        """`told` hears after every group whether the circuit is open."""
        self._clock = clock
        self._told = told
        self._lock = Lock()
        self._failures = 0
        self._open_until = 0.0

    def lets_through(self) -> bool:
        """Whether a group of reads may begin."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if self._clock() < self._open_until:
                return False
            self._open_until = self._clock() + OPEN_SECONDS  # the others wait for the outcome of this one
            return True

    def note(self, answered: bool) -> None:
        """Tell how a group went."""
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            is_open = self._failures >= FAILURES
            if is_open:
                self._open_until = self._clock() + OPEN_SECONDS
        self._told(is_open)
