"""The course of a marker: what stands in a picture, what only beside it, and P/F worked out from gas and oxygen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rpild_rules.findings import Reason
from rpild_rules.knowledge import load_knowledge
from rpild_rules.medians import published_beside
from rpild_rules.trends import Trend, markers, trends
from rpild_rules.when import When
from tests.rules.charts import NOW, chart

KNOWLEDGE = load_knowledge()


def drawn(*lines: str, unit: str = "") -> dict[str, Trend]:
    """The trends of a chart by concept, all values in one unit."""
    plain = chart(*lines)
    facts = replace(plain, measurements=tuple(replace(each, unit=unit) for each in plain.measurements))
    return {each.marker.concept: each for each in trends(facts, KNOWLEDGE, When.at(NOW, facts.zone))}


def test_markers_are_those_of_the_file_with_parameters_that_exist() -> None:
    listed = markers()
    assert [each.concept for each in listed][:2] == ["ferritin", "ldh"]
    assert all(KNOWLEDGE.number(name) for each in listed for name in each.thresholds)
    assert {each.decline for each in listed} == {"", "fvcDecline", "dlcoDecline", "pao2Decline"}
    assert [each.concept for each in listed if each.log] == ["ferritin", "crp", "il6", "ck"]


def test_values_stand_in_time_order_with_their_comparators() -> None:
    ferritin = drawn("ferritin >1500 @-2d", "ferritin 640 @-12d", unit="ng/mL")["ferritin"]
    assert [(point.value, point.comparator) for point in ferritin.points] == [(Decimal(640), ""), (Decimal(1500), ">")]
    assert [each.name for each in ferritin.thresholds] == ["ferritin_flag", "ferritin_tier"]
    assert ferritin.unit == "ng/mL"


def test_a_chart_without_markers_has_no_trend() -> None:
    assert drawn("alt 90 @-1d") == {}


def test_results_that_count_for_nothing_stand_apart_with_their_reason() -> None:
    ldh = drawn("ldh 300 @-3d", "ldh 310 @-2d status=preliminary", "ldh 900 @+40d", "ldh 5 @-1d status=cancelled")[
        "ldh"
    ]
    assert [point.value for point in ldh.points] == [Decimal(300)]
    assert [(each.reason, each.preliminary) for each in ldh.unplaced] == [
        (Reason.NO_DATA, True),
        (Reason.CONFLICT, False),
    ]


def test_a_ratio_is_worked_out_from_a_gas_and_its_recorded_oxygen() -> None:
    ratio = drawn("pao2 63 @-1d", "fio2 0.21 @-1d", "pao2 80 @-5d", unit="mm[Hg]")["pf-ratio"]
    (point,) = ratio.points
    assert (point.value, point.computed, ratio.unit) == (Decimal(300), True, "mm[Hg]")
    assert len(point.evidence) == 2


@pytest.mark.parametrize(
    "lines", [("fio2 0.4 @-1d estimated=yes",), ("support nasal-cannula @-2d", "fio2 0.4 @-1d"), ("pao2 90 @-1d5m",)]
)
def test_no_ratio_of_an_estimate_nor_of_gases_that_contradict_each_other(lines: tuple[str, ...]) -> None:
    oxygen = ("fio2 0.21 @-1d",) if lines == ("pao2 90 @-1d5m",) else ()
    assert "pf-ratio" not in drawn("pao2 57 @-1d", *oxygen, *lines)


def test_a_reported_ratio_stands_beside_a_computed_one() -> None:
    ratio = drawn("pf-ratio 250 @-3d", "pao2 63 @-1d", "fio2 0.21 @-1d")["pf-ratio"]
    assert [point.computed for point in ratio.points] == [False, True]


def test_published_lines_by_unit() -> None:
    beside, left_out = published_beside("ferritin", "ng/mL", KNOWLEDGE)
    assert {"BM-1", "BM-10"} <= {each.biomarker for each in beside}
    assert left_out == ()
    beside, left_out = published_beside("crp", "mg/L", KNOWLEDGE)
    assert beside == ()
    assert "no unit" in left_out[0]


def test_results_of_one_hour_that_differ_much_are_told() -> None:
    gases = drawn("pao2 88 @-1d", "pao2 57 @-1d5m", "pao2 80 @-5d")["pao2"]
    assert [point.contradicted for point in gases.points] == [False, True, True]
    counts = drawn("ldh 300 @-1d", "ldh 900 @-1d5m", "ldh 310 @-9d")["ldh"]
    assert [point.contradicted for point in counts.points] == [False, True, True]
