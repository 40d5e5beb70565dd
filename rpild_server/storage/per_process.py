"""One thing per process, made on first use: connections, locks and threads must not be carried through a fork."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Calls `make` once in each process that asks."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []
        self._inherited: list[list[T]] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_anew)

    def __call__(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def made(self) -> T | None:
        """The thing if this process has made it."""
        return self._made[0] if self._made else None

    def _start_anew(self) -> None:
        """In the child: what the parent made is kept untouched, since closing it here would disturb the parent."""
        self._lock = Lock()
        self._inherited.append(self._made)
        self._made = []
