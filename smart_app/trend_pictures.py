"""Small pictures of each marker over time, all on one time axis, with what is needed to read them honestly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from rpild_rules.assessment import Assessment
from rpild_rules.facts import PatientFacts
from rpild_rules.trends import Point, Trend, trends
from smart_app import treatment_bars
from smart_app.picture_texts import say
from smart_app.sources import people
from smart_app.treatment_bars import Treatments
from smart_app.trend_axes import TimeAxis, ValueAxis, drawn, time_axis, value_axis
from smart_app.trend_data import zoom_data
from smart_app.trend_levels import Level, find_levels
from smart_app.trend_marks import Limit, Pair, Published, limits, pair_of, published
from smart_app.trend_table import TableRow, newest, table_rows

ABOVE, BELOW, COMPUTED, DOUBT, PERIOD, PLAIN = "above", "below", "computed", "doubt", "period", "plain"


@dataclass(frozen=True, slots=True)
class Mark:
    """A value as drawn: `kind` is its sign, `end` the later edge of a date known as a period."""

    x: float
    y: float
    kind: str
    words: str
    end: float


@dataclass(frozen=True, slots=True)
class Label:
    """A value written beside its mark."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Whisker:
    """A published median with its quartiles in the margin; the quartiles end at the edge of the picture."""

    x: float
    y: float
    low: float
    high: float
    group: str


@dataclass(frozen=True, slots=True)
class TrendPicture:
    """One marker. `values` is absent where no value can be placed; `unplaced` are the times of unusable results."""

    id: str
    title: str
    unit: str
    latest: str
    text: str
    values: ValueAxis | None
    line: str
    marks: tuple[Mark, ...]
    last: Label | None
    levels: tuple[Level, ...]
    whiskers: tuple[Whisker, ...]
    ring: tuple[Mark, ...]
    pair: Pair | None
    unplaced: tuple[float, ...]
    limits: tuple[Limit, ...]
    published: Published
    notes: tuple[str, ...]
    rows: tuple[TableRow, ...]
    trend: Trend

    @property
    def newest(self) -> tuple[TableRow, ...]:
        """The rows that stand beside the picture."""
        return newest(self.rows)


@dataclass(frozen=True, slots=True)
class Trends:
    """All pictures, their one time axis, the treatment under it, the size of each picture, the signs in use."""

    axis: TimeAxis
    pictures: tuple[TrendPicture, ...]
    treatments: Treatments
    plot: dict[str, Any]
    height: float
    signs: frozenset[str]
    data: dict[str, Any]

    @property
    def start(self) -> str:
        """The first day of the axis."""
        return f"{self.axis.start.astimezone(self.axis.zone):%Y-%m-%d}"

    @property
    def end(self) -> str:
        """The last day of the axis."""
        return f"{self.axis.end.astimezone(self.axis.zone):%Y-%m-%d}"

    def say(self, key: str, **values: object) -> str:
        """A fixed text around the pictures."""
        return say(key, **values)

    def measure(self, section: str) -> dict[str, Any]:
        """Measures of the drawing."""
        return drawn(section)


def draw_trends(assessment: Assessment, facts: PatientFacts) -> Trends | None:
    """Every marker of which the chart holds a result; None if there is none. Pure: same facts, same picture."""
    found = trends(facts, assessment.knowledge, assessment.now)
    if not found:
        return None
    t0 = assessment.situation.therapy.t0 if assessment.situation else None
    spans = treatment_bars.spans_of(facts, assessment.knowledge, assessment.now)
    moments = [*_moments(found), *treatment_bars.starts(spans)]
    axis = time_axis(moments, assessment.now.latest, facts.zone)
    treated = treatment_bars.treatments(facts, spans, t0, axis, assessment.knowledge)
    pictures = tuple(_picture(trend, axis, assessment) for trend in found)
    measures = drawn("treatment")
    height = drawn("plot")["bottom"] + measures["gap"] + len(treated.rows) * measures["row"]
    return Trends(
        axis, pictures, treated, drawn("plot"), height, frozenset(_signs(pictures, treated)),
        data=zoom_data(pictures, axis, spans, t0.earliest if t0 else None),
    )  # fmt: skip


def _moments(found: tuple[Trend, ...]) -> Iterator[datetime]:
    for trend in found:
        yield from (point.when.earliest for point in trend.points)
        yield from (each.measured.when.earliest for each in trend.unplaced if each.measured.when)


def _picture(trend: Trend, axis: TimeAxis, assessment: Assessment) -> TrendPicture:
    shown = [point for point in trend.points if axis.shows(point.when.latest)]
    borders, beside, pair = (
        limits(trend, assessment),
        published(trend, assessment.knowledge),
        pair_of(trend, assessment),
    )
    values = _values(trend, shown, borders, beside) if shown else None
    marks = tuple(_mark(point, axis, values) for point in shown) if values else ()
    outside = len(trend.points) - len(shown)
    return TrendPicture(
        id=trend.marker.concept, title=trend.marker.title, unit=people(trend.unit),
        latest=_latest(trend), text=_summary(trend.points), values=values, line=_line(marks), marks=marks,
        last=_last(marks, shown[-1]) if marks and not shown[-1].contradicted else None,
        levels=tuple(find_levels(borders, values, axis)) if values else (),
        whiskers=tuple(_whiskers(beside, values)) if values else (),
        ring=tuple(_mark(p, axis, values) for p in (pair.baseline, pair.index)) if pair and values else (), pair=pair,
        unplaced=tuple(_unplaced(trend, axis)), limits=borders, published=beside,
        notes=tuple(_notes(trend, outside, beside.cohort if values else "", borders)),
        rows=table_rows(trend, pair, axis, assessment), trend=trend,
    )  # fmt: skip


def _values(trend: Trend, shown: list[Point], borders: tuple[Limit, ...], beside: Published) -> ValueAxis:
    """The axis of the values shown with the medians in the margin; thresholds as far as they lie near."""
    held = [*(float(point.value) for point in shown), *(each.value for each in beside.drawn)]
    ceiling = drawn("ceiling").get(trend.marker.concept)
    return value_axis(held, (each.value for each in borders), trend.marker.log, ceiling)


def _mark(point: Point, axis: TimeAxis, values: ValueAxis) -> Mark:
    kind = _kind(point)
    start = axis.at(point.when.earliest if kind == PERIOD else point.when.latest)
    words = f"{people(point.printed)}, {point.when.printed}"
    return Mark(start, values.at(float(point.value)), kind, words, axis.at(point.when.latest))


def _kind(point: Point) -> str:
    if point.comparator:
        return ABOVE if point.comparator.startswith(">") else BELOW
    if not point.when.to_the_day:
        return PERIOD
    if point.contradicted:
        return DOUBT
    return COMPUTED if point.computed else PLAIN


def _line(marks: tuple[Mark, ...]) -> str:
    """Through values known with their day; a bound, a period, or what another result contradicts is no corner."""
    return " ".join(f"{each.x:.0f},{each.y:.0f}" for each in marks if each.kind in (PLAIN, COMPUTED))


def _last(marks: tuple[Mark, ...], point: Point) -> Label:
    """The newest value as a number, on the side of its mark that the line does not come from."""
    mark, plot, row = marks[-1], drawn("plot"), drawn("treatment")["row"]
    below = mark.y + row * 1.25
    falling = len(marks) > 1 and marks[-2].y < mark.y and below <= plot["bottom"] + 1
    y = below if falling else mark.y - row * 0.75
    return Label(min(mark.end + row / 2, plot["right"]), round(y, 1), f"{point.comparator}{rounded(point.value)}")


def _whiskers(beside: Published, values: ValueAxis) -> Iterator[Whisker]:
    for each, x in zip(beside.drawn, drawn("plot")["strip"], strict=False):
        yield Whisker(x, values.at(each.value), values.at(each.low), values.at(each.high), each.group)


def _unplaced(trend: Trend, axis: TimeAxis) -> Iterator[float]:
    times = (each.measured.when for each in trend.unplaced)
    yield from (axis.at(when.latest) for when in times if when and axis.shows(when.latest) and when.latest <= axis.end)


def rounded(value: Decimal) -> str:
    """A value as a label: three figures or so, none of a whole number."""
    places = "1" if abs(value) >= 100 else "0.1" if abs(value) >= 10 else "0.01"
    text = f"{value.quantize(Decimal(places)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _latest(trend: Trend) -> str:
    if not trend.points:
        return say("trends.none_usable")
    point = trend.points[-1]
    value = f"{point.comparator}{rounded(point.value)} {people(trend.unit)}".strip()
    return say("trends.latest_doubt" if point.contradicted else "trends.latest", value=value, date=point.when.printed)


def _summary(points: tuple[Point, ...]) -> str:
    """What the picture shows, in one line."""
    if not points:
        return say("trends.none_usable")
    first, last = points[0], points[-1]
    words = say(
        "trends.from_to",
        first=_told(first),
        first_date=first.when.printed,
        last=_told(last),
        last_date=last.when.printed,
    )
    alone = say("trends.one_value", value=_told(first), date=first.when.printed)
    return say("trends.picture_text", count=len(points), values=words if len(points) > 1 else alone)


def _told(point: Point) -> str:
    return f"{point.comparator}{rounded(point.value)}"


def _notes(trend: Trend, outside: int, margin: str, borders: tuple[Limit, ...]) -> Iterator[str]:
    """What a reader of the picture has to know."""
    if margin:
        yield margin
    if trend.unplaced:
        yield _counted("unplaced", len(trend.unplaced))
    if outside:
        yield _counted("earlier", outside)
    if any(point.computed for point in trend.points):
        yield say("trends.computed")
    for each in borders:
        if each.spans is not None:
            yield say("trends.on_air", limit=each.label, unit=people(trend.unit))


def _counted(key: str, count: int) -> str:
    return say(f"trends.{key}_one" if count == 1 else f"trends.{key}", count=count)


def _signs(pictures: tuple[TrendPicture, ...], treated: Treatments) -> Iterator[str]:
    """The signs that a legend has to explain."""
    for each in pictures:
        yield from (mark.kind for mark in each.marks)
        yield from ("unplaced" for _ in each.unplaced)
        yield from ("pair" for _ in each.ring)
        yield from ("threshold" for _ in each.levels)
        yield from ("medians" for _ in each.whiskers)
    yield from ("treatment" for _ in treated.rows)
