"""Rules that run too long are interrupted: a criterion is then unknown, and what is left of the call goes on.

Time is that of the processor for this one thread, so that a machine that is busy interrupts nobody.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, Thread, get_ident
from typing import TypeVar

from cds_hooks.errors import TooSlowError
from rpild_rules.assess import TookTooLongError

LIMIT_SECONDS = 0.45  # what a call without reads may take as a whole
TICK_SECONDS = 0.05
T = TypeVar("T")


@dataclass(slots=True)
class _Running:
    """Work of one thread: its clock, when it is interrupted next, whether it was."""

    thread: int
    clock: Callable[[], float]
    due: float
    interrupted: bool = False


class RuleWatch:
    """Runs work and interrupts it again and again once it takes longer than `limit`. Make it after a fork."""

    def __init__(self, limit: float = LIMIT_SECONDS, tick: float = TICK_SECONDS) -> None:
        self._limit, self._tick = limit, tick
        self._running: dict[int, _Running] = {}
        self._lock, self._bell = Lock(), Event()
        Thread(target=self._watch, name="rule-watch", daemon=True).start()

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` gives; raises TooSlowError when it does not outlive the interruption."""
        clock = clock_of_this_thread()
        running = _Running(get_ident(), clock, clock() + self._limit)
        try:
            return self._watched(running, work)
        except TookTooLongError:
            self._forget(running)  # the interruption may have come while that was done first
            raise TooSlowError(f"The rules took longer than {self._limit} s of processor time.") from None

    def _watched(self, running: _Running, work: Callable[[], T]) -> T:
        try:
            with self._lock:
                self._running[running.thread] = running
            if not self._bell.is_set():
                self._bell.set()
            return work()
        finally:
            self._forget(running)

    def _forget(self, running: _Running) -> None:
        """From now on the thread is not interrupted; what did not reach it yet is let out here."""
        with self._lock:
            self._running.pop(running.thread, None)
        if running.interrupted:
            _let_out(running.thread)

    def _watch(self) -> None:
        """Looks now and then while somebody is at work, and rests otherwise; work that is short does not wake it."""
        while self._bell.wait():
            time.sleep(self._tick)
            self._bell.clear()
            self._look()

    def _look(self) -> None:
        with self._lock:
            if self._running:
                self._bell.set()
            for each in (one for one in self._running.values() if one.clock() >= one.due):
                each.due, each.interrupted = each.clock() + self._limit, True
                _raise_in(each.thread, ctypes.py_object(TookTooLongError))


def clock_of_this_thread() -> Callable[[], float]:
    """Its processor time, which other threads can read too; the time of day's steady clock where there is none."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    return partial(time.clock_gettime, time.pthread_getcpuclockid(get_ident()))


def _let_out(thread: int) -> None:
    """What may still be on its way to this very thread is raised and caught here.

    Taking it back with an empty object would leave Python 3.11 looking for it at every step, under a tracer for ever.
    """
    with suppress(TookTooLongError):
        _raise_in(thread, ctypes.py_object(TookTooLongError))
        while True:
            pass


def _raise_in(thread: int, problem: ctypes.py_object[type[Exception]]) -> None:
    """Let this be raised in another thread at its next step of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), problem)
