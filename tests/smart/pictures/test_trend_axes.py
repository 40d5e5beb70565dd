"""The axes: round ticks, calendar days of the site, a logarithmic scale only where the range needs it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.trend_axes import drawn, time_axis, value_axis

END = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VALUES = st.lists(st.floats(0.01, 1e5), min_size=1, max_size=20)


@given(VALUES, st.lists(st.floats(0.01, 1e5), max_size=3), st.booleans())
def test_every_value_stands_inside_and_higher_values_stand_higher(
    values: list[float], near: list[float], log: bool
) -> None:
    axis, plot = value_axis(values, near, log), drawn("plot")
    heights = [axis.at(value) for value in sorted(values)]
    assert heights == sorted(heights, reverse=True)
    assert all(plot["top"] <= height <= plot["bottom"] for height in heights)
    assert 1 <= len(axis.ticks) <= 9
    assert len({tick.label for tick in axis.ticks}) == len(axis.ticks)


@pytest.mark.parametrize(("values", "near", "log"), [([400, 1680], [], False), ([400, 6800], [], True)])
def test_the_scale_is_logarithmic_where_the_range_needs_it(values: list[float], near: list[float], log: bool) -> None:
    assert value_axis(values, near, True).log is log
    assert not value_axis(values, near, False).log


def test_a_limit_far_away_does_not_flatten_the_values() -> None:
    assert value_axis([10, 12], [1500], False).high < 100
    assert value_axis([400, 900], [1000], False).high > 1000


def test_no_room_above_what_is_the_highest_possible() -> None:
    assert value_axis([92, 97], [], False, 100).high == 100


def test_ticks_of_a_logarithmic_scale_are_round() -> None:
    assert [tick.label for tick in value_axis([300, 7000], [], True).ticks] == [
        "200",
        "500",
        "1000",
        "2000",
        "5000",
        "10000",
    ]
    assert [tick.label for tick in value_axis([3, 70000], [], True).ticks] == [
        "1",
        "10",
        "100",
        "1000",
        "10000",
        "100000",
    ]


def test_the_axis_ends_now_and_reaches_back_half_a_year_at_most() -> None:
    axis = time_axis([END - 300 * DAY, END - 100 * DAY], END, UTC)
    assert (axis.start, axis.end) == (END - 100 * DAY, END)
    assert not axis.shows(END - 300 * DAY)
    assert axis.at(END - 300 * DAY) == axis.at(END - 100 * DAY)
    assert time_axis([], END, UTC).start == END - 7 * DAY


def test_ticks_are_midnights_of_the_site() -> None:
    axis = time_axis([END - 23 * DAY], datetime(2026, 11, 24, 2, tzinfo=UTC), ZoneInfo("America/New_York"))
    assert [tick.label for tick in axis.ticks] == ["11-23", "11-16", "11-09", "11-02"]
    places = [tick.at for tick in axis.ticks]
    assert places == sorted(places, reverse=True)


def test_years_are_ticked_too() -> None:
    axis = time_axis([END - 180 * DAY], END, UTC)
    assert len(axis.ticks) == 4
