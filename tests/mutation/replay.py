"""Which tests a fault concerns: the calls of the faulty function are kept by test, and made again with the fault.

The rules are pure, so a test whose every call is answered as before cannot find the fault, and need not be run.
"""

from __future__ import annotations

import dis
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FrameType, FunctionType
from typing import Any

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
MOST = 30  # calls of one function kept for one test; a test that makes more is run in any case


class Calls:
    """The arguments of every call of some functions, by function and test."""

    def __init__(self, functions: Iterable[FunctionType]) -> None:
        # By identity: equal code of two functions is told apart, and hashing code at every call would be slow.
        self.watched = {id(f.__code__): (f, _entry(f.__code__)) for f in functions}
        self.now: dict[FunctionType, list[Arguments]] = defaultdict(list)
        self.made: dict[FunctionType, dict[str, list[Arguments]]] = defaultdict(dict)
        self.in_part: dict[FunctionType, set[str]] = defaultdict(set)
        self.answers: dict[FunctionType, dict[str, list[Any]]] = {}
        self.spent: dict[FunctionType, float] = {}

    @contextmanager
    def noting(self) -> Iterator[Callable[[str], None]]:
        """Notes calls; gives what ends the part of one test."""
        sys.setprofile(self._note)
        yield self._end
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        function, entry = self.watched.get(id(frame.f_code), (None, 0)) if event == "call" else (None, 0)
        if function is not None and frame.f_lasti <= entry and len(self.now[function]) <= MOST:
            self.now[function].append(_arguments(frame))

    def _end(self, test: str) -> None:
        for function, calls in self.now.items():
            whole = len(calls) <= MOST and not any(_tells_more(call) for call in calls)
            if whole:
                self.made[function][test] = calls
            else:
                self.in_part[function].add(test)
        self.now.clear()

    def is_whole(self, function: FunctionType, test: str) -> bool:
        """Whether all calls of a test are known; also where there is none."""
        return test not in self.in_part[function]

    def tests(self, function: FunctionType) -> set[str]:
        """The tests that call a function."""
        return {*self.made[function], *self.in_part[function]}

    def seconds(self, function: FunctionType) -> float:
        """How long it takes to make all calls of a function again."""
        self._answers(function)
        return self.spent[function]

    def is_told(self, function: FunctionType) -> bool:
        """Whether the answers of a function tell what it does: one that only ever gives None acts in another way."""
        return any(answer is not None for answers in self._answers(function).values() for answer in answers)

    def _answers(self, function: FunctionType) -> dict[str, list[Any]]:
        if function not in self.answers:
            start, made = time.process_time(), self.made[function].items()
            self.answers[function] = {test: [_answer(function, each) for each in calls] for test, calls in made}
            self.spent[function] = time.process_time() - start
        return self.answers[function]

    def concerned(self, function: FunctionType, test: str) -> bool:
        """Whether a call of a test is answered otherwise than before; asked after the fault was put in place."""
        pairs = zip(self.made[function].get(test, ()), self.answers[function].get(test, ()), strict=True)
        return any(not _equal(_answer(function, call), before) for call, before in pairs)


def _entry(code: CodeType) -> int:
    """Where a function begins; a generator that goes on is further down."""
    return next((each.offset for each in dis.get_instructions(code) if each.opname == "RESUME"), 0)


def _arguments(frame: FrameType) -> Arguments:
    code, there = frame.f_code, frame.f_locals
    names, end = code.co_varnames, code.co_argcount + code.co_kwonlyargcount
    more: tuple[Any, ...] = ()
    if code.co_flags & CO_VARARGS:
        more, end = there[names[end]], end + 1
    named = {name: there[name] for name in names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]}
    named |= there[names[end]] if code.co_flags & CO_VARKEYWORDS else {}
    return (*(there[name] for name in names[: code.co_argcount]), *more), named


def _tells_more(call: Arguments) -> bool:
    """Whether a call cannot be made again, or does more than answer: what is used up, and functions of a test."""
    given = (*call[0], *call[1].values())
    of_tests = (each.__module__.startswith("tests") for each in given if isinstance(each, FunctionType))
    return any(hasattr(each, "__next__") for each in given) or any(of_tests)


def _answer(function: FunctionType, call: Arguments) -> Any:
    try:
        answer = function(*call[0], **call[1])
        return list(answer) if hasattr(answer, "__next__") else answer
    except Exception as error:  # noqa: BLE001 - what is raised is an answer too
        return type(error), str(error)


def _equal(new: Any, old: Any) -> bool:
    try:
        return type(new) is type(old) and bool(new == old)
    except Exception:  # noqa: BLE001 - what cannot be compared is no longer the same
        return False
