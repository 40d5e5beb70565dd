"""What stands in a trend beside its values: thresholds, published medians, and the pair that a criterion compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from rpild_rules.findings import Status
from rpild_rules.medians import Beside, published_beside
from rpild_rules.oxygen import fraction_of
from rpild_rules.trends import PRESSURE, Point, Trend
from smart_app.picture_texts import say
from smart_app.sources import people, with_sign

if TYPE_CHECKING:
    from rpild_rules.assessment import Assessment, Situation
    from rpild_rules.knowledge import Knowledge
    from rpild_rules.parameter import Parameter

NO_UNIT = "unit not printed"


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: its value, the short label in the picture, and name and source in words.

    `spans` are the times for which it holds; None: for all.
    """

    value: float
    label: str
    words: str
    spans: tuple[tuple[datetime, datetime], ...] | None = None


@dataclass(frozen=True, slots=True)
class Median:
    """One group of a published cohort: median and quartiles (the median itself where none are printed)."""

    group: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Published:
    """The cohort drawn in the margin (survived, then died; may be empty), all cohorts in words, and who is left out.

    `cohort` names the one that is drawn, and says so where its source prints no unit.
    """

    drawn: tuple[Median, ...]
    cohort: str
    words: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """The two values that a criterion compares, its name, and how it stands in words."""

    baseline: Point
    index: Point
    criterion: str
    status: Status
    words: str


def limits(trend: Trend, assessment: Assessment) -> tuple[Limit, ...]:
    """The thresholds of a trend, by the parameters in force; that of the PaO2 holds for gases on room air."""
    found = tuple(_limit(each, each.value) for each in trend.thresholds if isinstance(each.value, Decimal))
    if trend.marker.concept != PRESSURE:
        return found
    spans = tuple(_on_room_air(trend, assessment))
    return tuple(replace(each, spans=spans) for each in found)


def _on_room_air(trend: Trend, assessment: Assessment) -> Iterator[tuple[datetime, datetime]]:
    """From the first to the last of gases that follow each other on room air."""
    s = assessment.situation
    if s is None:
        return
    for air, run in groupby(trend.points, key=lambda point: _is_on_air(point, s)):
        times = [point.when.latest for point in run]
        if air:
            yield times[0], times[-1]


def _is_on_air(point: Point, s: Situation) -> bool:
    return point.measured is not None and fraction_of(point.measured, s.facts, s.knowledge, s.now).air


def _limit(parameter: Parameter, value: Decimal) -> Limit:
    test = say(f"test.{parameter.test}")
    words = say(
        "trends.threshold_words", test=test, value=parameter.printed, title=parameter.title, source=parameter.source
    )
    return Limit(float(value), with_sign(parameter), words)


def published(trend: Trend, knowledge: Knowledge) -> Published:
    """Cohorts beside a trend: drawn is one that prints survivors and deaths, one with a printed unit first."""
    beside, refused = published_beside(trend.marker.concept, trend.unit, knowledge)
    both = [each for each in beside if {"survived", "died"} <= dict(each.figures).keys()]
    chosen = sorted(both, key=lambda each: each.unit == NO_UNIT)[:1]
    drawn = tuple(median for each in chosen for median in _medians(each))
    ordered = [*chosen, *(each for each in beside if each not in chosen)]
    cohort = next((_margin(each) for each in chosen), "")
    return Published(drawn, cohort, tuple(people(each.words) for each in ordered), tuple(map(people, refused)))


def _margin(beside: Beside) -> str:
    unit = say("trends.no_unit") if beside.unit == NO_UNIT else ""
    return say("trends.margin", cohort=beside.cohort.title, unit=unit)


def _medians(beside: Beside) -> Iterator[Median]:
    figures = dict(beside.figures)
    for group in ("survived", "died"):
        value, *quartiles = figures[group]
        low, high = quartiles or (value, value)
        yield Median(group, float(value), float(low), float(high))


def pair_of(trend: Trend, assessment: Assessment) -> Pair | None:
    """The oldest and the newest value of this trend that a decided comparison rests on."""
    s, criterion = assessment.situation, trend.marker.decline
    if s is None or not criterion or s.found[criterion].unknown:
        return None
    finding = s.found[criterion]
    used = [point for point in trend.points if set(point.evidence) & set(finding.evidence)]
    if len(used) < 2:
        return None
    name = s.knowledge.texts.label("criterion", criterion)
    words = people(say("trends.compared", criterion=name, because=finding.because))
    return Pair(used[0], used[-1], name, finding.status, words)
