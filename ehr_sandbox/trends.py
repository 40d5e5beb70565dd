"""A small picture of one test over time: points and a reference band in the coordinates of an SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Span = tuple[float, float]

WIDTH, HEIGHT, MARGIN = 220.0, 48.0, 6.0


@dataclass(frozen=True)
class Reading:
    """One numeric value at a time, as plotted."""

    when: datetime
    value: float
    label: str


@dataclass(frozen=True)
class Trend:
    """The picture: `points` as (x, y, label), `path` for a polyline, the normal range as (y, height) if any."""

    points: tuple[tuple[float, float, str], ...]
    path: str
    band: tuple[float, float] | None
    first: str
    last: str
    change: str


def draw(readings: list[Reading], low: float | None, high: float | None) -> Trend | None:
    """The trend of at least two readings, oldest first; None if there are fewer."""
    if len(readings) < 2:
        return None
    bottom, top = _span([each.value for each in readings], low, high)
    start, end = readings[0].when, readings[-1].when
    seconds = (end - start).total_seconds() or 1.0

    def across(when: datetime) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (when - start).total_seconds() / seconds, 1)

    def down(value: float) -> float:
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (value - bottom) / (top - bottom), 1)

    points = tuple((across(each.when), down(each.value), each.label) for each in readings)
    path = " ".join(f"{x},{y}" for x, y, _ in points)
    return Trend(points, path, _band(low, high, (bottom, top), down), _day(start), _day(end), _change(readings))


def _span(values: list[float], low: float | None, high: float | None) -> Span:
    """The vertical span: all values, and a limit of the normal range if it lies near them."""
    bottom, top = min(values), max(values)
    reach = (top - bottom) or abs(top) or 1.0
    near = [limit for limit in (low, high) if limit is not None and bottom - reach / 2 <= limit <= top + reach / 2]
    bottom, top = min([bottom, *near]), max([top, *near])
    return (bottom, top) if top > bottom else (bottom - 1, top + 1)


def _band(low: float | None, high: float | None, span: Span, down: Callable[[float], float]) -> Span | None:
    """The normal range as far as it lies within the span: upper edge and height."""
    if low is None and high is None:
        return None
    bottom, top = span
    upper = min(high if high is not None else top, top)
    lower = max(low if low is not None else bottom, bottom)
    return (down(upper), round(down(lower) - down(upper), 1)) if upper > lower else None


def _day(when: datetime) -> str:
    return f"{when.day} {when:%b}"


def _change(readings: list[Reading]) -> str:
    """In words, for those who do not see the picture."""
    first, last = readings[0].value, readings[-1].value
    direction = "rising" if last > first else "falling" if last < first else "unchanged"
    return f"{direction} from {first:g} to {last:g}, {len(readings)} values"
