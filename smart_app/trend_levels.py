"""Thresholds as drawn in a trend: a line for as long as the limit holds, and where its label has room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smart_app.trend_axes import TimeAxis, ValueAxis, drawn
from smart_app.trend_marks import Limit


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold as drawn: its height, its lines from left to right, the height of its label, the label."""

    y: float
    lines: tuple[tuple[float, float], ...]
    text_y: float
    label: str


def find_levels(borders: tuple[Limit, ...], values: ValueAxis, axis: TimeAxis) -> Iterator[Level]:
    """Thresholds within the picture; a label moves below its line where another stands close above."""
    taken: list[float] = []
    inside = [each for each in borders if values.low <= each.value <= values.high]
    for each in sorted(inside, key=lambda limit: -limit.value):
        y, lines = values.at(each.value), tuple(_lines(each, axis))
        above = all(abs(y - other) > drawn("treatment")["row"] for other in taken)
        if lines:
            taken.append(y)
            yield Level(y, lines, round(y - 3 if above else y + drawn("axis")["text"] - 1, 1), each.label)


def _lines(limit: Limit, axis: TimeAxis) -> Iterator[tuple[float, float]]:
    """One line all across, or one for each time for which the limit holds, a little longer than its marks."""
    plot, reach = drawn("plot"), drawn("treatment")["row"]
    if limit.spans is None:
        yield plot["left"], plot["right"]
        return
    for start, end in limit.spans:
        if axis.shows(end):
            yield max(axis.at(start) - reach, plot["left"]), min(axis.at(end) + reach, plot["right"])
