"""A chart whose dates reach past the time of evaluation: each ends there; what lies wholly ahead stays (K4)."""

from __future__ import annotations

from datetime import UTC

import pytest

from rpild_rules.facts import Meaning
from rpild_rules.findings import Reason
from rpild_rules.until_now import until_now
from rpild_rules.when import When
from tests.rules.charts import NOW, chart, when

HERE = When.at(NOW, UTC)


@pytest.mark.parametrize("part", ["onset", "recorded", "abated"])
def test_one_date_of_a_diagnosis_alone_is_cut(part: str) -> None:
    dates = {"onset": "@-0D recorded=-3D", "recorded": "@-3D recorded=-0D", "abated": "@-3D abated=-0D"}
    (found,) = until_now(chart(f"condition dyspnea {dates[part]}"), HERE).diagnoses
    assert (getattr(found, part).latest, getattr(found, part).earliest) == (NOW, when("-0D").earliest)
    others = {"onset", "recorded", "abated"} - {part}
    assert all(getattr(found, each) in (None, when("-3D")) for each in others)


def test_results_and_diagnoses_are_cut_together() -> None:
    cut = until_now(chart("condition dyspnea @-0D", "ldh 300 @-0D", "ldh 310 @-3d", "ldh 320"), HERE)
    assert cut.diagnoses[0].onset == when("-0D").cut(HERE)
    assert [m.when for m in cut.measurements] == [when("-0D").cut(HERE), when("-3d"), None]


def test_results_alone_are_cut() -> None:
    (found,) = until_now(chart("ldh 300 @-0D"), HERE).measurements
    assert found.when == when("-0D").cut(HERE)


def test_an_answer_of_the_future_says_nothing_and_is_listed() -> None:
    lines = ("test anti-mda5-qual positive @+2h", "test anti-mda5-qual negative @-9d", "test hbsag positive")
    found = until_now(chart(*lines), HERE)
    assert [r.meaning for r in found.results] == [Meaning.UNREADABLE, Meaning.NEGATIVE, Meaning.POSITIVE]
    assert [r.printed for r in found.results] == ["positive, dated in the future", "negative", "positive"]
    (told,) = found.unreadable
    assert (told.reference, told.element, told.reason) == ("Observation/000", "anti-mda5-qual", Reason.CONFLICT)


@pytest.mark.parametrize(
    "line", ["test hbsag positive @+50m", "condition dyspnea @+1D", "ldh 300 @+1D", "ldh 300 @+1m", "ldh 300 @now"]
)
def test_a_chart_without_such_a_date_stays_as_it_is(line: str) -> None:
    facts = chart("condition dyspnea @-3D", "ldh 300 @-3d", "ldh 310", line)
    assert until_now(facts, HERE) is facts


def test_a_day_that_begins_now_is_cut() -> None:
    midnight = When.at(when("-0D").earliest, UTC)
    (found,) = until_now(chart("ldh 300 @-0D"), midnight).measurements
    assert found.when == when("-0D").cut(midnight)
