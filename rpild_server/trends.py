"""The trends of a chart as pictures in characters, thresholds marked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.knowledge import Knowledge
from rpild_rules.trends import markers

ROWS = 7


@dataclass(frozen=True, slots=True)
class Trend:
    """The values of one marker in time order, in its canonical unit; thresholds with what they are called."""

    title: str
    unit: str
    points: tuple[tuple[datetime, Decimal], ...]
    thresholds: tuple[tuple[Decimal, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a picture; the plain ones are ASCII."""

    point: str = "●"
    threshold: str = "┄"
    axis: str = "┤"
    floor: str = "└"
    line: str = "─"


PLAIN = Glyphs("*", "-", "|", "+", "-")


def trends(facts: PatientFacts, knowledge: Knowledge) -> Iterator[Trend]:
    """The trend of every marker that the chart holds a readable value of."""
    for marker in markers():
        chosen = [each for each in facts.measurements if each.concept == marker.concept and _drawable(each)]
        if chosen:
            marks = tuple((knowledge.number(name), knowledge.parameter(name).title) for name in marker.thresholds)
            yield Trend(marker.title, chosen[0].unit, _points(chosen), marks)


def _drawable(measurement: Measurement) -> bool:
    return (
        measurement.valid and measurement.value is not None and measurement.when is not None and not measurement.problem
    )


def _points(chosen: Iterable[Measurement]) -> tuple[tuple[datetime, Decimal], ...]:
    return tuple(sorted((each.when.latest, each.value) for each in chosen if each.when and each.value is not None))


def picture(trend: Trend, width: int, glyphs: Glyphs) -> list[str]:
    """Lines of a small plot: value upwards, time to the right; thresholds that fit the range are drawn across."""
    values = [value for _, value in trend.points]
    low, high = min(values), max(values)
    marks = [
        (value, name)
        for value, name in trend.thresholds
        if low <= value <= high or len(values) == 1 or _near(value, low, high)
    ]
    low, high = min([low, *(value for value, _ in marks)]), max([high, *(value for value, _ in marks)])
    labels = {_row(value, low, high): value for value in (low, high, *(value for value, _ in marks))}
    margin = max(len(shown(value)) for value in labels.values())
    grid = _grid(trend, width - margin - 3, (low, high), marks, glyphs)
    rows = [
        f"{shown(labels[row]) if row in labels else '':>{margin}} {glyphs.axis}{''.join(cells)}".rstrip()
        for row, cells in enumerate(grid)
    ]
    return [*reversed(rows), *_feet(trend, margin, width, glyphs)]


def _near(value: Decimal, low: Decimal, high: Decimal) -> bool:
    """Within one range's height of the values: worth showing."""
    return low - (high - low) <= value <= high + (high - low)


def _grid(
    trend: Trend, columns: int, span: tuple[Decimal, Decimal], marks: list[tuple[Decimal, str]], glyphs: Glyphs
) -> list[list[str]]:
    grid = [[" "] * columns for _ in range(ROWS)]
    for value, _ in marks:
        grid[_row(value, *span)] = [glyphs.threshold] * columns
    first, last = trend.points[0][0], trend.points[-1][0]
    for when, value in trend.points:
        part = (when - first) / (last - first) if last > first else 1
        grid[_row(value, *span)][round(part * (columns - 1))] = glyphs.point
    return grid


def _row(value: Decimal, low: Decimal, high: Decimal) -> int:
    return int(((value - low) / (high - low) * (ROWS - 1)).to_integral_value()) if high > low else 0


def _feet(trend: Trend, margin: int, width: int, glyphs: Glyphs) -> list[str]:
    first, last = (f"{when:%Y-%m-%d}" for when in (trend.points[0][0], trend.points[-1][0]))
    columns = width - margin - 3
    dates = first if first == last else f"{first}{last:>{max(columns - len(first), len(last) + 1)}}"
    names = "; ".join(f"{shown(value)}: {name}" for value, name in trend.thresholds)
    indent = " " * (margin + 2)
    foot = textwrap.wrap(f"{glyphs.threshold * 2} {names}", width, initial_indent=indent, subsequent_indent=indent)
    return [f"{'':>{margin}} {glyphs.floor}{glyphs.line * columns}", indent + dates, *(foot if names else ())]


def shown(value: Decimal) -> str:
    """A number as people write it: no exponent, no closing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
