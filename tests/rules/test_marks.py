"""The marks of a card that was sent, at their edges: each band by itself, bounds, and what is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rpild_rules.assess import assess
from rpild_rules.assessment import Situation
from rpild_rules.marks import Marks, find_marks
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

CONFIRMED = ("test anti-mda5-qual positive @-14d", "condition ild @-14D")
AIR = "fio2 0.5 @-1h"


def situation(*lines: str) -> Situation:
    found = assess(chart(*CONFIRMED, *lines), shipped(), NOW).situation
    assert found
    return found


@pytest.mark.parametrize(
    ("worse", "stored", "bands"),
    [
        (Marks(pressure=2), Marks(pressure=1), (2, 0, 0)),
        (Marks(oxygen=2), Marks(oxygen=1), (0, 2, 0)),
        (Marks(ferritin=2), Marks(ferritin=1), (0, 0, 2)),
    ],
)
def test_each_band_alone_makes_it_worse(worse: Marks, stored: Marks, bands: tuple[int, int, int]) -> None:
    assert worse.bands == bands
    assert worse.worse_than(stored)
    assert not stored.worse_than(worse)
    assert not worse.worse_than(worse)


@pytest.mark.parametrize(("minutes", "kept"), [(-1, False), (0, True), (1, True)])
def test_an_episode_that_began_when_the_card_was_sent_is_the_same(minutes: int, kept: bool) -> None:
    stored = Marks(frozenset({"fvcDecline"}), 1)
    sent = NOW - timedelta(days=5) + timedelta(minutes=minutes)
    later = stored.for_episode_since(sent, situation("condition dyspnea @-5d"))
    assert (later.criteria == stored.criteria, later.pressure) == (kept, 1)


@pytest.mark.parametrize(("pressure", "band"), [("70", 4), ("<70", None), (">70", None)])
def test_a_bound_on_the_pressure_is_in_no_band(pressure: str, band: int | None) -> None:
    lines = (f"pao2 {pressure} @-1h", "fio2 0.8 @-1h")
    assert find_marks(situation(*lines)).pressure == band


@pytest.mark.parametrize(("ratio", "band"), [("90", 4), ("<90", None)])
def test_a_bound_on_a_reported_ratio_is_in_no_band(ratio: str, band: int | None) -> None:
    assert find_marks(situation(f"pf-ratio {ratio} @-1h")).pressure == band


@pytest.mark.parametrize(("value", "band"), [("2000", 3), (">2000", 3), ("<2000", None), ("<=2000", None)])
def test_an_upper_bound_on_ferritin_is_in_no_band(value: str, band: int | None) -> None:
    assert find_marks(situation(f"ferritin {value} @-1h")).ferritin == band


@pytest.mark.parametrize(("value", "band"), [("0.7", 2), (">0.7", 2), ("<0.7", None), ("<=0.7", None)])
def test_an_upper_bound_on_the_oxygen_is_in_no_band(value: str, band: int | None) -> None:
    assert find_marks(situation(f"fio2 {value} @-1h")).oxygen == band


def test_of_gases_that_contradict_each_other_the_best_counts() -> None:
    """60 and 90 mmHg of one moment on half oxygen: ratios of 120 and 180."""
    assert find_marks(situation("pao2 60 @-1h", AIR)).pressure == 3
    assert find_marks(situation("pao2 90 @-1h", AIR)).pressure == 2
    assert find_marks(situation("pao2 60 @-1h", "pao2 90 @-1h", AIR)).pressure == 2
    assert find_marks(situation("pao2 60 @-1h", "pao2 >90 @-1h", AIR)).pressure is None
