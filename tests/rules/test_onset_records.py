"""The records behind an onset: what explains one with a recorded date only, and what opens the first symptom."""

from __future__ import annotations

from datetime import date

import pytest

from rpild_rules.concepts import ONSET_CONCEPTS
from rpild_rules.onset_records import Record, first_symptom, newest_record, records_of
from tests.rules.charts import chart, when
from tests.rules.test_cases import shipped


def records(*lines: str) -> list[Record]:
    return records_of(chart(*lines).diagnoses, ONSET_CONCEPTS, shipped())


def first(*lines: str) -> Record:
    found = records(*lines)
    return first_symptom(newest_record(found), found, shipped())


@pytest.mark.parametrize(
    ("onset", "explained"),
    [("-97D", True), ("-98D", False), ("-5D", True), ("-4D", False), ("-6D/month", False), ("-40D/month", True)],
)
def test_a_recorded_date_is_explained_by_an_onset_of_the_92_days_before_it(onset: str, explained: bool) -> None:
    found = records("condition dyspnea recorded=-5D id=r", f"condition hypoxemia @{onset} id=o")
    assert [each.reference for each in found] == ["Condition/o"] if explained else ["Condition/r", "Condition/o"]


def test_a_record_that_may_belong_to_it_opens_the_start_to_the_day_and_to_the_moment() -> None:
    """The year may lie in the 92 days before the newest onset, or long before them."""
    found = first("condition dyspnea @-20D id=d", "condition hypoxemia @-30D/year id=h")
    year = when("-30D/year")
    assert (found.reference, found.onset.earliest, found.onset.first) == ("Condition/d", year.earliest, year.first)
    assert (found.onset.latest, found.onset.last, found.onset.exact) == (when("-20D").latest, date(2026, 11, 4), False)


def test_of_two_such_records_the_earlier_opens_it() -> None:
    later, earlier = "condition ards @-60D/month id=m", "condition hypoxemia @-30D/year id=y"
    assert first("condition dyspnea @-20D", later, earlier).onset.first == date(2026, 1, 1)
    assert first("condition dyspnea @-20D", earlier, later).onset.first == date(2026, 1, 1)


def test_what_begins_no_earlier_leaves_the_moment_as_it_is() -> None:
    """An onset at the first moment of October, and one some time in October: nothing becomes less exact."""
    found = first("condition dyspnea @-54d10h id=d", "condition hypoxemia @-54D/month id=m")
    assert (found.reference, found.onset) == ("Condition/d", when("-54d10h"))
