"""The two axes of a trend: one time axis for all pictures, and a value axis, logarithmic where the range needs it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("trend_layout.toml")
DAY = timedelta(days=1)
NICE, DECADE = (1, 2, 5, 10), (1, 2, 5)


@cache
def drawn(section: str) -> dict[str, Any]:
    """One section of the drawing's measures."""
    return dict(tomllib.loads(FILE.read_text(encoding="utf-8"))[section])


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in units of the picture, and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From the oldest value drawn to the time of the assessment; labels are the site's calendar days."""

    start: datetime
    end: datetime
    zone: tzinfo

    def at(self, moment: datetime) -> float:
        """Where a moment stands; what lies outside stands at the edge."""
        plot = drawn("plot")
        part = (min(max(moment, self.start), self.end) - self.start) / (self.end - self.start)
        return float(round(plot["left"] + 6 + part * (plot["right"] - plot["left"] - 12), 1))

    def shows(self, moment: datetime) -> bool:
        """Whether a moment lies on the axis."""
        return moment >= self.start

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Midnights at even distances, counted back from the last day."""
        last, days = self.end.astimezone(self.zone).date(), (self.end - self.start) / DAY
        steps = drawn("axis")["steps"]
        step = next((each for each in steps if days / each <= drawn("axis")["ticks"]), steps[-1])
        found = ((day, self._midnight(day)) for day in (last - n * step * DAY for n in range(int(days / step) + 1)))
        return tuple(Tick(self.at(moment), f"{day:%m-%d}") for day, moment in found if moment >= self.start)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)


def time_axis(moments: Iterable[datetime], end: datetime, zone: tzinfo) -> TimeAxis:
    """The axis that holds all of the moments of the last months, and at least a week."""
    edge, week = end - drawn("axis")["most_days"] * DAY, end - drawn("axis")["least_days"] * DAY
    return TimeAxis(min([week, *(moment for moment in moments if moment >= edge)]), end, zone)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """From the lowest to the highest value shown; `log` tells a logarithmic scale."""

    low: float
    high: float
    log: bool

    def at(self, value: float) -> float:
        """The height of a value; what lies outside stands at the edge."""
        plot = drawn("plot")
        low, high, value = (self._scaled(each) for each in (self.low, self.high, min(max(value, self.low), self.high)))
        return float(round(plot["bottom"] - (value - low) / (high - low) * (plot["bottom"] - plot["top"]), 1))

    def _scaled(self, value: float) -> float:
        return log10(value) if self.log else value

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Round values, four or so."""
        return tuple(Tick(self.at(value), f"{value:.10g}") for value in (self._decades() if self.log else self._even()))

    def _even(self) -> list[float]:
        raw = (self.high - self.low) / drawn("value")["ticks"]
        size = 10.0 ** floor(log10(raw))
        step = size * next(nice for nice in NICE if raw <= nice * size * (1 + 1e-9))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(n * step, 10) for n in range(first, last + 1)]

    def _decades(self) -> list[float]:
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        found = [nice * 10.0**power for power in powers for nice in DECADE]
        inside = [value for value in found if self.low <= value <= self.high]
        round_ones = [value for value in inside if log10(value).is_integer()]
        most = drawn("value")["ticks"] + 2
        return (
            round_ones[:: len(round_ones) // (most + 1) + 1] if len(inside) > most and len(round_ones) > 1 else inside
        )


def value_axis(values: list[float], near: Iterable[float], may_log: bool, ceiling: float | None = None) -> ValueAxis:
    """The axis that holds all of the values, and the limits that lie near enough not to flatten them."""
    settings, near = drawn("value"), list(near)
    wide = [*values, *(each for each in near if _near(each, min(values), max(values), True))]
    log = may_log and min(values) > 0 and max(wide) >= settings["log_from"] * min(wide)
    kept = [*values, *(each for each in near if _near(each, min(values), max(values), log))]
    return _padded(min(kept), max(kept), log, ceiling)


def _near(value: float, low: float, high: float, log: bool) -> bool:
    settings = drawn("value")
    if log:
        return bool(low / settings["near_log"] <= value <= high * settings["near_log"])
    reach = settings["near"] * max(high - low, settings["least_part"] * abs(high))
    return bool(low - reach <= value <= high + reach)


def _padded(low: float, high: float, log: bool, ceiling: float | None) -> ValueAxis:
    pad = drawn("plot")["pad"]
    if log:
        factor = (high / low) ** pad
        return ValueAxis(low / factor, high * factor, log)
    least = drawn("value")["least_part"] * (abs(high) or 1)
    room, middle = max(high - low, least) * (1 + 2 * pad) / 2, (low + high) / 2
    bottom = max(middle - room, 0) if low >= 0 else middle - room
    return ValueAxis(bottom, min(middle + room, ceiling or float("inf")), log)
