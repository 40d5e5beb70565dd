"""The course of a marker over time: which values of a chart can stand in a picture, and which only beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from rpild_rules import results
from rpild_rules.facts import PENDING_STATUSES, Measurement, PatientFacts
from rpild_rules.findings import Reason
from rpild_rules.gas_exchange import contradicting
from rpild_rules.knowledge import Knowledge, Parameter
from rpild_rules.oxygen import fraction_of
from rpild_rules.strict_toml import Place, read_file, table_at, text_at, texts_at
from rpild_rules.when import When

RATIO, PRESSURE = "pf-ratio", "pao2"
FILE = Path(__file__).with_name("trends.toml")
REQUIRED, OPTIONAL = ("concept", "title", "thresholds"), ("log", "decline")


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker: its concept, title, parameters marked as thresholds, whether it may need a logarithmic scale, and
    the criterion that compares two values of it (may be empty)."""

    concept: str
    title: str
    thresholds: tuple[str, ...]
    log: bool = False
    decline: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A value in its place: time as precise as it is known, the number in the trend's unit, `comparator` `<`, `>`, …

    `computed` tells a ratio worked out from a gas and its recorded oxygen; `printed` then names both. `contradicted`
    tells that another result of the same hour differs much (K6).
    """

    when: When
    value: Decimal
    printed: str
    evidence: tuple[str, ...]
    comparator: str = ""
    computed: bool = False
    contradicted: bool = False
    measured: Measurement | None = None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A result that the rules do not use and that has no height in the picture, and why."""

    measured: Measurement
    reason: Reason
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """The course of one marker in its canonical unit, oldest first; results without a usable value stand apart."""

    marker: Marker
    unit: str
    points: tuple[Point, ...]
    unplaced: tuple[Unplaced, ...]
    thresholds: tuple[Parameter, ...]


@cache
def markers() -> tuple[Marker, ...]:
    """The markers that are drawn, in their order; ParameterError names a faulty entry."""
    listed = read_file(FILE)["marker"]
    assert isinstance(listed, list)  # a file of ours, written as [[marker]] tables
    return tuple(_marker(Place(FILE.name, f"marker.{number}"), raw) for number, raw in enumerate(listed, 1))


def _marker(place: Place, raw: object) -> Marker:
    table = table_at(place, raw, REQUIRED, OPTIONAL)
    decline = text_at(place, table, "decline") if "decline" in table else ""
    names = texts_at(place, table, "thresholds")
    return Marker(
        text_at(place, table, "concept"), text_at(place, table, "title"), names, bool(table.get("log")), decline
    )


def trends(facts: PatientFacts, knowledge: Knowledge, now: When) -> tuple[Trend, ...]:
    """Every marker of which the chart holds anything, readable or not."""
    found = (_trend(marker, facts, knowledge, now) for marker in markers())
    return tuple(trend for trend in found if trend.points or trend.unplaced)


def _trend(marker: Marker, facts: PatientFacts, knowledge: Knowledge, now: When) -> Trend:
    said = results.of(facts, marker.concept)
    points = [_point(m, _contradicted(m, said, facts, knowledge, now)) for m in results.readable(said, now)]
    points += _ratios(facts, knowledge, now) if marker.concept == RATIO else []
    unit = next((m.unit for m in said if m.value is not None), "") or _unit_of_gas(points)
    ordered = sorted(points, key=lambda each: (each.when.latest, each.when.earliest, each.evidence))
    thresholds = tuple(knowledge.parameter(name) for name in marker.thresholds)
    return Trend(marker, unit, tuple(ordered), tuple(_unplaced(said, now)), thresholds)


def _point(m: Measurement, contradicted: bool) -> Point:
    return Point(
        results.time_of(m), results.value_of(m), results.printed(m), (m.reference,), m.comparator,
        contradicted=contradicted, measured=m,
    )  # fmt: skip


def _contradicted(
    m: Measurement, said: list[Measurement], facts: PatientFacts, knowledge: Knowledge, now: When
) -> bool:
    if m.concept == PRESSURE:
        return bool(contradicting(m, facts, knowledge, now))
    return bool(results.rivals(m, said, knowledge, now, results.same))


def _unplaced(said: list[Measurement], now: When) -> Iterator[Unplaced]:
    """Results that count for nothing, oldest first; what was cancelled or entered in error is no result."""
    for m in reversed(said):
        reason = results.trouble(m, now) if m.valid or m.status in PENDING_STATUSES else None
        if reason:
            yield Unplaced(m, reason, m.status in PENDING_STATUSES)


def _ratios(facts: PatientFacts, knowledge: Knowledge, now: When) -> list[Point]:
    """P/F of every arterial gas with recorded oxygen or room air that no other gas contradicts; never an estimate."""
    gases = results.readable(results.of(facts, PRESSURE), now)
    clear = (gas for gas in gases if not contradicting(gas, facts, knowledge, now))
    found = ((gas, fraction_of(gas, facts, knowledge, now)) for gas in clear)
    return [
        Point(
            results.time_of(gas), results.value_of(gas) / oxygen.value, f"{results.printed(gas)} / {oxygen.printed}",
            (gas.reference, *oxygen.evidence), gas.comparator, computed=True, measured=gas,
        )
        for gas, oxygen in found
        if oxygen.value is not None
    ]  # fmt: skip


def _unit_of_gas(points: list[Point]) -> str:
    """A ratio to a bare fraction keeps the unit of its pressure."""
    return next((each.measured.unit for each in points if each.measured), "")
