"""The values of a trend as a table: as sent, as used, when, and what to know about each; unusable results too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rpild_rules.trends import Point, Trend, Unplaced
from rpild_rules.when import FIRST_INSTANT
from smart_app.picture_texts import say
from smart_app.sources import converted, people
from smart_app.trend_axes import TimeAxis, drawn
from smart_app.trend_marks import Pair

if TYPE_CHECKING:
    from rpild_rules.assessment import Assessment


@dataclass(frozen=True, slots=True)
class TableRow:
    """One result: date, value as sent, value as used (empty where that is the same), notes, references.

    `compared` tells one of the pair that a criterion compares.
    """

    date: str
    sent: str
    used: str
    note: str
    references: tuple[str, ...]
    usable: bool = True
    compared: bool = False


def table_rows(trend: Trend, pair: Pair | None, axis: TimeAxis, assessment: Assessment) -> tuple[TableRow, ...]:
    """Newest first, in the order of the points turned round; results without a date last."""
    placed = [(p.when.latest, _placed(p, pair, axis, people(trend.unit))) for p in trend.points]
    apart = [(_time(u), _apart(u, assessment)) for u in trend.unplaced]
    rows = [row for _, row in sorted([*placed, *apart], key=lambda each: each[0])]
    return tuple(reversed(rows))


def _placed(point: Point, pair: Pair | None, axis: TimeAxis, unit: str) -> TableRow:
    used = f"{point.value:.1f} {unit}" if point.computed else converted(point.measured) if point.measured else ""
    notes = "; ".join(_notes(point, pair, axis))
    compared = pair is not None and point in (pair.baseline, pair.index)
    return TableRow(point.when.printed, people(point.printed), used, notes, point.evidence, compared=compared)


def newest(rows: tuple[TableRow, ...]) -> tuple[TableRow, ...]:
    """The rows beside a picture: all of a few, else the newest and what a criterion compares."""
    table = drawn("table")
    most = table["few"] if len(rows) <= table["few"] else table["rows"]
    return tuple(row for number, row in enumerate(rows) if number < most or row.compared)


def _notes(point: Point, pair: Pair | None, axis: TimeAxis) -> Iterator[str]:
    if point.comparator:
        yield say("trends.note_above" if point.comparator.startswith(">") else "trends.note_below")
    if not point.when.to_the_day:
        yield say("trends.note_period")
    if point.contradicted:
        yield say("trends.note_doubt")
    if point.computed:
        yield say("trends.note_computed")
    if pair and point == pair.baseline:
        yield say("trends.note_baseline", criterion=pair.criterion)
    if pair and point == pair.index:
        yield say("trends.note_index", criterion=pair.criterion)
    if not axis.shows(point.when.latest):
        yield say("trends.note_outside")


def _time(unplaced: Unplaced) -> datetime:
    return unplaced.measured.when.latest if unplaced.measured.when else FIRST_INSTANT


def _apart(unplaced: Unplaced, assessment: Assessment) -> TableRow:
    m = unplaced.measured
    date = m.when.printed if m.when else say("trends.undated")
    return TableRow(date, people(m.printed), "", _why(unplaced, assessment), (m.reference,), usable=False)


def _why(unplaced: Unplaced, assessment: Assessment) -> str:
    """Why a result counts for nothing, as a reader would say it."""
    if unplaced.preliminary:
        return say("trends.note_preliminary")
    when, label = unplaced.measured.when, assessment.knowledge.texts.label
    if when and when.ahead_of(assessment.now):
        return say("trends.note_ahead")
    return say("trends.note_unused", reason=label("reason", unplaced.reason.value))
