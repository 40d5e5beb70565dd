"""The trends as plain data for the zoom: times in seconds, values as numbers, everything the still picture shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rpild_rules.trends import Point
from smart_app.treatment_bars import Span
from smart_app.trend_axes import TimeAxis, ValueAxis, drawn, value_axis

if TYPE_CHECKING:
    from smart_app.trend_marks import Limit
    from smart_app.trend_pictures import TrendPicture


def zoom_data(
    pictures: tuple[TrendPicture, ...], axis: TimeAxis, spans: Iterable[Span], t0: datetime | None
) -> dict[str, Any]:
    """What the script reads; every value of the chart, the older ones too."""
    return {
        "from": seconds(axis.start),
        "to": seconds(axis.end),
        "zone": str(getattr(axis.zone, "key", "UTC")),
        "t0": seconds(t0) if t0 else None,
        "pictures": {each.id: _picture(each) for each in pictures if each.trend.points},
        "treatments": _treatments(spans),
    }


def seconds(moment: datetime) -> int:
    """A moment as whole seconds of the epoch."""
    return int(moment.timestamp())


def _picture(picture: TrendPicture) -> dict[str, Any]:
    points, pair, values = picture.trend.points, picture.pair, _span(picture)
    times = (each.measured.when for each in picture.trend.unplaced)
    return {
        "log": values.log,
        "unit": picture.unit,
        "span": [round(values.low, 4), round(values.high, 4)],
        "ticks": [float(tick.label) for tick in values.ticks],
        "points": [_point(point) for point in points],
        "limits": [_limit(each) for each in picture.limits],
        "medians": [[each.group, each.value, each.low, each.high] for each in picture.published.drawn],
        "pair": [points.index(pair.baseline), points.index(pair.index)] if pair else None,
        "unplaced": [seconds(when.latest) for when in times if when],
    }


def _limit(limit: Limit) -> list[Any]:
    """Value and label; then, where it does not hold for all times, the begin and end of each for which it does."""
    spans = [] if limit.spans is None else [[[seconds(each) for each in span] for span in limit.spans]]
    return [limit.value, limit.label, *spans]


def _span(picture: TrendPicture) -> ValueAxis:
    """The value axis of the picture, widened to the older values; theirs where the still picture shows none."""
    held = [float(point.value) for point in picture.trend.points]
    shown = picture.values
    if shown is None:
        return value_axis(held, (), picture.trend.marker.log)
    return ValueAxis(min(shown.low, *held), max(shown.high, *held), shown.log)


def _point(point: Point) -> list[Any]:
    """Latest second, value; then, where there is one, a sign (its comparator, `~` a computed ratio, `x` contradicted),
    and the earliest second where that is another.
    """
    latest, value = seconds(point.when.latest), _short(float(round(point.value, 4)))
    sign = point.comparator or ("x" if point.contradicted else "~" if point.computed else "")
    if not point.when.to_the_day:
        return [latest, value, sign, seconds(point.when.earliest)]
    return [latest, value, sign] if sign else [latest, value]


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value


def _treatments(spans: Iterable[Span]) -> list[list[Any]]:
    """Each class with the begin and end of its bars."""
    found: dict[str, list[list[int]]] = {}
    for span in spans:
        ends = [seconds(span.use.start.earliest), seconds(span.use.end.latest)]
        found.setdefault(str(drawn("short").get(span.drug_class, span.drug_class)), []).append(ends)
    return [[name, bars] for name, bars in found.items()]
