"""Results as rows with trends: what is plotted together, what is flagged, how limits are printed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ehr_sandbox.chart_view import chart_view
from ehr_sandbox.clock import Clock
from ehr_sandbox.observations import results, statements
from ehr_sandbox.result_table import Row, result_groups
from ehr_sandbox.trends import HEIGHT, WIDTH, Reading, draw
from tests.sandbox.fake_service import NOW


def row(test: str, series: dict[str, Any]) -> Row:
    groups = result_groups(list(results("p", {test: series}, Clock(NOW))))
    return groups[0][1][0]


def test_values_in_another_unit_are_listed_but_not_plotted() -> None:
    ferritin = row("ferritin", {"-9d": 400, "-5d": 700, "-1d": {"value": 857, "unit": "ng/dL"}})
    assert [value.text for value in ferritin.values] == ["857 ng/dL", "700 ng/mL", "400 ng/mL"]
    assert ferritin.trend is None


def test_a_value_in_another_unit_is_converted_before_it_is_flagged_or_not_flagged_at_all() -> None:
    oxygen = row("pao2", {"-1d": {"value": 8.1, "unit": "kPa"}}).values[0]
    assert (oxygen.text, oxygen.flag, oxygen.note) == ("8.1 kPa = 60.8 mmHg", "low", "")
    odd = row("ferritin", {"-1d": {"value": 857, "unit": "ng/dL"}}).values[0]
    assert (odd.text, odd.flag, odd.note) == ("857 ng/dL", "", "not compared: another unit")


def test_a_comparator_is_printed_but_not_plotted() -> None:
    ferritin = row("ferritin", {"-9d": 400, "-5d": 700, "-1d": ">1500"})
    assert ferritin.values[0].text == ">1500 ng/mL"
    assert ferritin.values[0].flag == "high"
    assert ferritin.trend is not None
    assert ferritin.trend.change == "rising from 400 to 700, 2 values"


def test_a_preliminary_value_is_marked() -> None:
    assert row("mda5", {"-1d": {"value": "positive", "status": "preliminary"}}).values[0].note == "preliminary"


@pytest.mark.parametrize(
    ("test", "value", "flag", "limits"),
    [
        ("ferritin", 900, "high", "5–177 ng/mL"),
        ("ferritin", 100, "", "5–177 ng/mL"),
        ("crp", 4, "", "< 5 mg/L"),
        ("spo2", 88, "low", "> 94 %"),
        ("aado2", 50, "", ""),
        ("mda5", "positive", "abnormal", ""),
        ("mda5", "negative", "", ""),
        ("ph", 7.2, "low", "7.35–7.45"),
        ("pao2", {"value": 10.8, "unit": "kPa"}, "", "80–105 mmHg"),
        ("pao2", {"value": 8.1, "unit": "kPa"}, "low", "80–105 mmHg"),
    ],
)
def test_flags_and_limits(test: str, value: Any, flag: str, limits: str) -> None:
    found = row(test, {"-1d": value})
    assert (found.values[0].flag, found.limits) == (flag, limits)


def readings(*values: float) -> list[Reading]:
    return [Reading(NOW + timedelta(days=day), value, str(value)) for day, value in enumerate(values)]


def test_every_point_lies_inside_the_picture() -> None:
    trend = draw(readings(3.0, 9.5, -2.0, 9.5), 2.0, 4.0)
    assert trend is not None
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in trend.points)
    assert trend.points[1][1] < trend.points[2][1]
    assert trend.band is not None


def test_a_flat_line_and_a_far_normal_range() -> None:
    flat = draw(readings(5, 5), None, None)
    assert flat is not None
    assert (flat.change, flat.band) == ("unchanged from 5 to 5, 2 values", None)
    far = draw(readings(500, 400), None, 5)
    assert far is not None
    assert far.band is None
    assert draw(readings(1), 0, 2) is None


def test_two_values_at_one_moment() -> None:
    twins = [Reading(NOW, 1, "a"), Reading(NOW, 2, "b")]
    trend = draw(twins, None, None)
    assert trend is not None
    assert trend.points[0][0] == trend.points[1][0]


def test_clinicians_statements_in_every_form() -> None:
    made: list[dict[str, Any]] = [
        {"code": "respiratory-onset", "value": "-18D", "at": "-1h"},
        {"code": "hrct-increase-percent", "value": 21, "unit": "%", "at": "-2h", "of": ["ct1", "ct2"]},
        {"code": "treatment-response", "value": "stable", "at": "-3h"},
        {"code": "causes-excluded", "value": False, "at": "-4h"},
    ]
    person = {"resourceType": "Patient", "id": "p", "name": [{"family": "F", "given": ["G"]}], "gender": "male"}
    person |= {"birthDate": "1976-11-25", "identifier": [{"value": "1"}]}
    chart = chart_view([person, *statements("p", made, Clock(NOW), "dr", "Dr A")], NOW.date())
    assert chart.age == 49
    assert [words for words, _ in chart.history[0][1]] == [
        "First respiratory symptom: 6 Nov 2026",
        "Increase between two CTs: 21 %",
        "Treatment response: stable",
        "Other causes excluded: no",
    ]
