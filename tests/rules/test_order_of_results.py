"""Lists in their order: other causes by record, a course by its dates, results that may lie in a window."""

from __future__ import annotations

from datetime import UTC

from rpild_rules import results
from rpild_rules.assess import assess
from rpild_rules.markers import named
from rpild_rules.risk import other_causes
from rpild_rules.trends import trends
from rpild_rules.when import When
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

HERE = When.at(NOW, UTC)


def test_causes_stand_by_concept_and_then_by_record() -> None:
    numbers = "3142598670"
    lines = [f"condition pneumonia @-{number}D id={number}" for number in numbers]
    found = other_causes(chart(*lines, "condition covid-19 @-2D id=z"), HERE, shipped())
    assert [each.reference for each in found] == ["Condition/z", *(f"Condition/{number}" for number in sorted(numbers))]


def test_of_two_values_that_end_together_the_one_that_begins_earlier_comes_first() -> None:
    lines = ("ldh 300 @-24D id=a", "ldh 400 @-40D/month id=b")  # the last day of October, and October
    (trend,) = trends(chart(*lines), shipped(), HERE)
    assert [point.evidence for point in trend.points] == [("Observation/b",), ("Observation/a",)]


def test_what_may_lie_in_a_window_is_near_it_or_undated() -> None:
    lines = ("ldh 1 id=u", "ldh 1 @-9d id=old", "ldh 1 @-8d id=edge", "ldh 1 @-2d id=b", "ldh 1 @-1d id=a")
    window = shipped().window("c1_oxygen_days")
    found = results.may_lie_near(results.of(chart(*lines), "ldh"), HERE, window)
    assert [m.reference.removeprefix("Observation/") for m in found] == ["a", "b", "edge", "u"]


def test_other_antibodies_stand_by_name_the_specific_ones_first() -> None:
    lines = ("test anti-ro52 positive @-1D", "test anti-pl7 positive @-2D", "test anti-jo1 positive @-3D")
    for order in (lines, lines[::-1]):
        situation = assess(chart("condition dyspnea @-18D", "condition dermatomyositis @-90D", *order), shipped(), NOW)
        assert situation.situation
        told = named(situation.situation, situation.situation.other_antibodies)
        assert [each.split(" (")[0] for each in told.split(", ")] == ["anti-Jo-1", "anti-PL-7", "anti-Ro52"]
