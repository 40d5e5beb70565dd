"""Times and windows: day counts, partial dates, clock changes, what lies ahead (decisions K3, K4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpild_rules.findings import MET, NOT_MET, UNKNOWN, negated
from rpild_rules.when import FIRST_INSTANT, When, Window, after, gap, lately, may_follow, near, older_than, within

BERLIN, TOKYO, HAVANA, ASUNCION = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Tokyo", "America/Havana", "America/Asuncion")
)
MONTH, DAY, HOUR = (
    Window(timedelta(days=31), True),
    Window(timedelta(hours=24), False),
    Window(timedelta(hours=1), False),
)


def at(text: str, zone: ZoneInfo | None = None) -> When:
    return When.at(datetime.fromisoformat(text), zone or UTC)


def day(text: str, zone: ZoneInfo | None = None) -> When:
    return When.days(date.fromisoformat(text), date.fromisoformat(text), zone or UTC, text)


def days(first: str, last: str) -> When:
    return When.days(date.fromisoformat(first), date.fromisoformat(last), UTC, first[:7])


def test_31_days_are_31_times_24_hours_between_instants() -> None:
    start = at("2026-03-01T12:00+01:00", BERLIN)
    assert within(start, at("2026-04-01T13:00+02:00", BERLIN), MONTH) is MET  # the clocks went forward: 31 x 24 h
    assert within(start, at("2026-04-01T13:00:01+02:00", BERLIN), MONTH) is NOT_MET


def test_31_days_after_1_march_is_1_april_by_the_calendar() -> None:
    assert within(day("2026-03-01"), day("2026-04-01"), MONTH) is MET
    assert within(day("2026-03-01"), day("2026-04-02"), MONTH) is NOT_MET
    assert within(day("2026-03-01"), at("2026-04-01T23:59+00:00"), MONTH) is MET


def test_the_sites_zone_turns_an_instant_into_a_day() -> None:
    late = "2026-04-01T20:00+00:00"  # already 2 April in Tokyo
    assert within(day("2026-03-01", TOKYO), at(late, TOKYO), MONTH) is NOT_MET
    assert within(day("2026-03-01"), at(late), MONTH) is MET


def test_a_day_of_23_or_25_hours_is_one_day() -> None:
    for text, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        one = day(text, BERLIN)
        assert round((one.latest - one.earliest) / timedelta(hours=1)) == hours


def test_clocks_that_change_at_midnight() -> None:
    spring = day("2026-03-08", HAVANA)  # 00:00 does not exist there: the day begins at 01:00
    assert round((spring.latest - spring.earliest) / timedelta(hours=1)) == 23
    autumn = day("2024-03-23", ASUNCION)  # the last hour comes twice
    assert round((autumn.latest - autumn.earliest) / timedelta(hours=1)) == 25


def test_a_window_of_hours_counts_instants_even_for_days() -> None:
    now = at("2026-11-24T10:00+00:00")
    assert lately(day("2026-11-24"), now, DAY) is MET
    assert lately(day("2026-11-23"), now, DAY) is UNKNOWN
    assert lately(day("2026-11-22"), now, DAY) is NOT_MET


def test_a_partial_date_decides_only_as_a_whole() -> None:
    now = at("2026-11-24T10:00+00:00")
    assert lately(days("2026-11-01", "2026-11-30"), now, MONTH) is MET  # cut at now
    assert lately(days("2026-10-01", "2026-10-31"), now, MONTH) is UNKNOWN
    assert lately(days("2026-09-01", "2026-09-30"), now, MONTH) is NOT_MET


def test_an_hour_ahead_is_now_and_more_is_a_conflict() -> None:
    now = at("2026-11-24T10:00+00:00")
    assert lately(at("2026-11-24T11:00+00:00"), now, HOUR) is MET
    assert at("2026-11-24T11:00:01+00:00").ahead_of(now)
    assert lately(at("2026-11-24T11:00:01+00:00"), now, HOUR) is UNKNOWN
    assert lately(day("2026-11-25"), now, MONTH) is UNKNOWN
    assert not day("2026-11-24").ahead_of(now)


def test_an_open_start_has_no_known_beginning() -> None:
    recorded = day("2026-11-20").open_start()
    assert (recorded.earliest, recorded.first, recorded.to_the_day) == (FIRST_INSTANT, date.min, False)
    assert recorded.printed == "on or before 2026-11-20"
    assert lately(recorded, at("2026-11-24T10:00+00:00"), MONTH) is UNKNOWN


def test_near_counts_both_directions() -> None:
    gas = at("2026-11-24T10:00+00:00")
    assert near(at("2026-11-24T09:00+00:00"), gas, HOUR) is near(at("2026-11-24T11:00+00:00"), gas, HOUR) is MET
    assert near(at("2026-11-24T08:59+00:00"), gas, HOUR) is near(at("2026-11-24T11:01+00:00"), gas, HOUR) is NOT_MET
    assert near(day("2026-11-24"), gas, HOUR) is UNKNOWN
    assert near(day("2026-11-23"), gas, HOUR) is NOT_MET
    assert near(day("2026-10-24"), gas, MONTH) is near(day("2026-12-25"), gas, MONTH) is MET


def test_older_than() -> None:
    now = at("2026-11-24T10:00+00:00")
    assert older_than(day("2026-10-23"), now, MONTH) is MET
    assert older_than(day("2026-10-24"), now, MONTH) is NOT_MET
    assert older_than(days("2026-10-01", "2026-10-31"), now, MONTH) is UNKNOWN


def test_after_asks_for_the_whole_and_may_follow_for_any_part() -> None:
    noon, month = at("2026-11-20T12:00+00:00"), days("2026-11-01", "2026-11-30")
    assert after(at("2026-11-20T12:00:01+00:00"), noon)
    assert not after(noon, noon)
    assert not may_follow(noon, noon)
    assert not after(day("2026-11-20"), noon)
    assert not may_follow(day("2026-11-20"), noon)  # one calendar day is not later than itself
    assert after(day("2026-11-21"), noon)
    assert may_follow(day("2026-11-21"), noon)
    assert not after(month, noon)
    assert may_follow(month, noon)
    assert may_follow(at("2026-11-20T12:00:01+00:00"), noon)


def test_the_cut_leaves_what_lies_before_now() -> None:
    now, past = at("2026-11-24T10:00+00:00"), day("2026-11-20")
    assert past.cut(now) is past
    ahead = at("2026-11-24T10:30+00:00").cut(now)
    assert (ahead.earliest, ahead.latest) == (now.latest, now.latest)


moments = st.integers(0, 5_000_000).map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
spans = st.integers(0, 400)


@given(moments, st.integers(0, 60), moments, spans)
def test_a_whole_interval_decides_like_each_of_its_days(start: datetime, length: int, now: datetime, span: int) -> None:
    window = Window(timedelta(days=span), True)
    last = start.date() + timedelta(days=length)
    status = within(When.days(start.date(), last, UTC, ""), When.at(now, UTC), window)
    single = {
        within(When.days(each, each, UTC, ""), When.at(now, UTC), window)
        for each in (start.date() + timedelta(days=n) for n in range(length + 1))
    }
    assert status is (single.pop() if len(single) == 1 else UNKNOWN)


@given(moments, moments, spans)
def test_older_than_is_the_opposite_of_within_for_the_past(start: datetime, end: datetime, span: int) -> None:
    one, other = sorted((When.at(start, UTC), When.at(end, UTC)), key=lambda when: when.latest)
    window = Window(timedelta(days=span), True)
    assert older_than(one, other, window) is negated(within(one, other, window))


@given(moments, moments)
def test_a_gap_runs_the_other_way_with_the_other_sign(one: datetime, other: datetime) -> None:
    start, end = When.at(one, UTC), When.days(other.date(), other.date(), UTC, "")
    for calendar in (True, False):
        least, most = gap(start, end, calendar)
        assert gap(end, start, calendar) == (-most, -least)
        assert least <= most


@pytest.mark.parametrize("text", ["2026-11-24", "2026-02-28"])
def test_an_instant_is_exact_and_prints_in_the_sites_time(text: str) -> None:
    moment = at(f"{text}T23:30+00:00", TOKYO)
    assert moment.exact
    assert moment.to_the_day
    assert moment.printed.endswith("08:30")
    assert moment.first == date.fromisoformat(text) + timedelta(days=1)
