"""Answers already given, in memory and bounded: a call that is repeated gets the same bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

CAPACITY = 500


class RecentAnswers:
    """The newest answers by call key (issuer, service, hook instance, body hash); the oldest leave first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def find(self, key: tuple[str, ...]) -> bytes | None:
        """The answer given to this call before."""
        with self._lock:
            return self._answers.get(key)

    def keep(self, key: tuple[str, ...], answer: bytes) -> bytes:
        """Keep an answer; when another thread was first, its answer is the one."""
        with self._lock:
            kept = self._answers.setdefault(key, answer)
            if len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
            return kept
