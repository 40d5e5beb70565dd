"""Dates and instants of the chart as ranges of whole numbers, and windows tested value by value (decisions K3, K4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from rpild_rules.when import When
from tests.oracle.answers import MET, NOT_MET, UNKNOWN
from tests.oracle.settings import MICROSECOND, window

DAY = MICROSECOND["d"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONG_AGO = -4000  # days: further back than any window reaches


def micros(moment: datetime) -> int:
    """An instant as microseconds since 1970."""
    gap = moment - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


@dataclass(frozen=True, order=True)
class Span:
    """All an entry can mean: instants lo..hi in microseconds, days first..last; `sharp` = one instant is known."""

    lo: int
    hi: int
    first: int
    last: int
    sharp: bool
    unbounded: bool = False


@lru_cache(maxsize=4096)
def span(when: When, now: Span | None = None) -> Span:
    """A time of the chart; what reaches past `now` is cut there (K4)."""
    unbounded = when.earliest.year < 1900
    full = Span(
        micros(when.earliest), micros(when.latest), when.first.toordinal(), when.last.toordinal(), when.exact, unbounded
    )
    return full if now is None else cut(full, now)


def cut(one: Span, now: Span) -> Span:
    """K4: an interval that reaches past now ends there."""
    if one.hi <= now.hi:
        return one
    return replace(one, lo=min(one.lo, now.hi), hi=now.hi, first=min(one.first, now.last), last=now.last)


def instant(moment: int, zone: tzinfo) -> Span:
    """One instant, with the site's day."""
    day = datetime.fromtimestamp(moment / 1_000_000, zone).date().toordinal()
    return Span(moment, moment, day, day, True)


def no_beginning(one: Span) -> Span:
    """Up to the end of this span, with no known start."""
    return replace(one, lo=one.lo - 20_000 * DAY, first=one.first - 20_000, sharp=False, unbounded=True)


def future(one: Span, now: Span) -> bool:
    """K4: wholly after now plus one hour."""
    return one.lo > now.hi + MICROSECOND["h"]


def distances(a: Span, b: Span, by_day: bool, marks: tuple[int, ...]) -> Sequence[int]:
    """Every distance b - a worth trying: all whole days where days count, else the ends and the marks in between."""
    if by_day and not (a.sharp and b.sharp):
        least, most = b.first - a.last, b.last - a.first
        first, last = max(least, LONG_AGO), min(most, -LONG_AGO)
        return range(first * DAY, (max(last, first) + 1) * DAY, DAY)
    least, most = b.lo - a.hi, b.hi - a.lo
    return sorted({least, most, *(m + e for m in marks for e in (-1, 0, 1) if least <= m + e <= most)})


def judge(a: Span, b: Span, by_day: bool, marks: tuple[int, ...], holds: Callable[[int], bool]) -> str:
    """K4: met or notMet only if every distance agrees."""
    tried = distances(a, b, by_day, marks)
    first = holds(tried[0])
    agree = all(holds(d) is first for d in tried)
    return UNKNOWN if not agree else MET if first else NOT_MET


def within(a: Span, b: Span, name: str) -> str:
    """0 <= b - a <= the window of that name."""
    size, by_day = window(name)
    return judge(a, b, by_day, (0, size), lambda d: 0 <= d <= size)


def older(a: Span, b: Span, name: str) -> str:
    """b - a > the window."""
    size, by_day = window(name)
    return judge(a, b, by_day, (size,), lambda d: d > size)


def not_over(a: Span, b: Span, name: str) -> str:
    """b - a <= the window, b may come first."""
    size, by_day = window(name)
    return judge(a, b, by_day, (size,), lambda d: d <= size)


def apart(a: Span, b: Span, name: str) -> str:
    """b - a >= the window."""
    size, by_day = window(name)
    return judge(a, b, by_day, (size,), lambda d: d >= size)


def close(a: Span, b: Span, name: str) -> str:
    """|b - a| <= the window."""
    size, by_day = window(name)
    return judge(a, b, by_day, (-size, 0, size), lambda d: abs(d) <= size)


def reaches_back(a: Span, b: Span, name: str) -> str:
    """a >= b - window: a does not lie further before b than the window."""
    return not_over(a, b, name)


def later(a: Span, b: Span) -> bool:
    """Whether the whole of a lies after the whole of b; days decide where one side has no clock time."""
    return a.lo > b.hi if a.sharp and b.sharp else a.first > b.last
