"""Times at their edges: days beside instants, and what lies exactly on a border (decisions sections 2 and 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from rpild_rules.findings import MET, NOT_MET, UNKNOWN
from rpild_rules.when import When, Window, not_over, within

TODAY = date(2026, 11, 24)
DAY = When.days(TODAY, TODAY, UTC, "today")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MONTH = Window(timedelta(days=31), True)


def days_ago(most: int, least: int) -> When:
    return When.days(TODAY - timedelta(days=most), TODAY - timedelta(days=least), UTC, "then")


def test_a_time_of_issue_is_marked_as_such() -> None:
    assert When.at(NOON, UTC, True).of_issue
    assert not When.at(NOON, UTC).of_issue


def test_a_time_within_the_day_that_it_is_cut_at_stays() -> None:
    noon = When.at(NOON, UTC)
    assert noon.cut(DAY) is noon


def test_a_time_past_the_day_that_it_is_cut_at_becomes_its_end() -> None:
    cut = When.at(NOON + timedelta(days=1), UTC).cut(DAY)
    assert (cut.earliest, cut.latest, cut.first, cut.last) == (DAY.latest, DAY.latest, TODAY, TODAY)


def test_what_runs_the_other_way_is_within_no_window() -> None:
    assert within(DAY, days_ago(3, 2), MONTH) is NOT_MET


def test_an_interval_that_begins_on_the_border_of_a_window_may_lie_within_it() -> None:
    assert within(days_ago(31, 31), DAY, MONTH) is MET
    assert within(days_ago(32, 31), DAY, MONTH) is UNKNOWN
    assert within(days_ago(33, 32), DAY, MONTH) is NOT_MET


def test_what_ends_on_this_day_or_later_goes_on() -> None:
    now = When.at(NOON, UTC)
    assert not_over(now, now)
    assert not_over(DAY, now)
    assert not_over(DAY, When.at(DAY.latest, UTC))
    assert not not_over(When.at(NOON - timedelta(seconds=1), UTC), now)
    assert not not_over(days_ago(1, 1), now)


def test_what_ends_in_some_month_goes_on_if_all_of_it_lies_ahead() -> None:
    assert not not_over(days_ago(20, -10), When.at(NOON, UTC))
    assert not_over(days_ago(-1, -30), When.at(NOON, UTC))
    assert not_over(days_ago(0, -30), When.at(DAY.earliest, UTC))
