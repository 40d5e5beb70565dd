"""The picture of a trend: values in their place, thresholds across, plain ASCII where nothing else can be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rpild_rules.facts import Measurement, PatientFacts
from rpild_rules.findings import Reason
from rpild_rules.knowledge import load_knowledge
from rpild_rules.trends import markers
from rpild_rules.when import When
from rpild_server.trends import PLAIN, Glyphs, Trend, picture, shown, trends

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def trend(*values: str, thresholds: tuple[tuple[str, str], ...] = ()) -> Trend:
    points = tuple((START + timedelta(days=day), Decimal(value)) for day, value in enumerate(values))
    return Trend("Ferritin", "ng/mL", points, tuple((Decimal(value), name) for value, name in thresholds))


def test_a_rise_runs_from_bottom_left_to_top_right() -> None:
    lines = [line.rstrip() for line in picture(trend("100", "400", "700"), 30, PLAIN)]
    assert lines == [
        "700 |                       *",
        "    |",
        "    |",
        "    |            *",
        "    |",
        "    |",
        "100 |*",
        "    +------------------------",
        "     2026-11-01    2026-11-03",
    ]


def test_a_threshold_is_drawn_across_and_named() -> None:
    lines = picture(trend("100", "1600", thresholds=(("828", "ferritin_flag"),)), 40, Glyphs())
    assert any("828" in line and line.count("┄") > 20 for line in lines)
    assert lines[-1].endswith("828: ferritin_flag")


def test_a_threshold_far_away_does_not_flatten_the_curve() -> None:
    lines = picture(trend("10", "11", "12", thresholds=(("1500", "ferritin_tier"),)), 40, PLAIN)
    assert not any(line.startswith("1500") for line in lines)
    assert lines[-1].endswith("1500: ferritin_tier")


def test_one_value_stands_beside_its_threshold() -> None:
    lines = picture(trend("900", thresholds=(("828", "ferritin_flag"),)), 40, PLAIN)
    assert lines[0].startswith("900 |")
    assert lines[0].rstrip().endswith("*")
    assert lines[6].startswith("828 |---")
    assert lines[8].split() == ["2026-11-01"]


@pytest.mark.parametrize(
    ("value", "text"), [("3.00", "3"), ("2.60", "2.6"), ("1E+3", "1000"), ("1000", "1000"), ("0.0", "0")]
)
def test_numbers_are_shown_as_people_write_them(value: str, text: str) -> None:
    assert shown(Decimal(value)) == text


def measured(day: int, value: str | None, **fields: object) -> Measurement:
    when = When.at(START + timedelta(days=day), UTC)
    number = None if value is None else Decimal(value)
    whole = {
        "concept": "ferritin",
        "code": "",
        "when": when,
        "value": number,
        "unit": "ng/mL",
        "printed": "",
        "status": "final",
        "reference": f"Observation/{day}",
    }
    return Measurement(**(whole | fields))  # type: ignore[arg-type]


def test_only_readable_values_are_drawn_in_time_order() -> None:
    facts = PatientFacts(
        measurements=(
            measured(3, "900"),
            measured(1, "500"),
            measured(2, None),
            measured(2, "1", status="preliminary"),
            measured(2, "1", problem=Reason.UNIT),
            measured(2, "1", when=None),
            measured(2, "1", concept="potassium"),
        )
    )
    (found,) = trends(facts, load_knowledge())
    assert [value for _, value in found.points] == [Decimal(500), Decimal(900)]
    assert [name for _, name in found.thresholds] == ["Ferritin of the primary flag", "Ferritin of the highest flag"]


def test_every_threshold_is_a_parameter() -> None:
    knowledge = load_knowledge()
    assert all(knowledge.number(name) for marker in markers() for name in marker.thresholds)
