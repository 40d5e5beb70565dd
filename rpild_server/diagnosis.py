"""What `rpild doctor` finds: one row for each thing looked at, how grave it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fault"]


@dataclass(frozen=True, slots=True)
class Row:
    """One finding in words; `remedy` is empty where nothing is to be done."""

    level: Level
    what: str
    text: str
    remedy: str = ""


def ok(what: str, text: str) -> Row:
    """All is well."""
    return Row("ok", what, text)


def guarded(
    what: str, look: Callable[[], Iterable[Row]], faults: tuple[type[Exception], ...], remedy: str
) -> Iterator[Row]:
    """The rows of a look; an expected failure of it becomes a fault and does not hide the next look."""
    try:
        yield from look()
    except faults as problem:
        yield Row("fault", what, str(problem), remedy)
