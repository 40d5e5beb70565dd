"""FHIR times: precision, zones, leap seconds and days, and what is no time (decisions K3, K4, K5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.datatypes import Period
from fhir_mappings.dates import effective, read_time, reader, span
from fhir_mappings.structs import ObservationIn

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T09:30:00Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T09:30Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T18:30:00.123456789+09:00", datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_instants(text: str, moment: datetime) -> None:
    read = read_time(text, UTC)
    assert read is not None
    assert (read.earliest, read.latest, read.exact) == (moment, moment, True)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2026-11-22T23:30:00", date(2026, 11, 22), date(2026, 11, 22)),
    ],
)
def test_days_months_and_years(text: str, first: date, last: date) -> None:
    read = read_time(text, TOKYO)
    assert read is not None
    assert (read.first, read.last, read.exact) == (first, last, False)


def test_the_day_of_an_instant_is_the_sites() -> None:
    read = read_time("2026-11-22T16:00:00Z", TOKYO)
    assert read is not None
    assert read.first == date(2026, 11, 23)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13",
        "2026-02-30",
        "2025-02-29",
        "0000",
        "2026-11-22T24:00:00Z",
        "2026-11-22T09:61:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:60-12:00",
        "2026-11-22T09Z",
        "2026-1-2",
        "2026-11-22 09:30:00Z",
        "２０２６",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert read_time(text, UTC) is None


def test_a_reader_remembers() -> None:
    read = reader(UTC)
    assert read("2026-11-22") is read("2026-11-22")
    assert read("") is None


def test_span_of_a_period() -> None:
    read = reader(UTC)
    start, end = span(Period(start="2026-11-01", end="nonsense"), read)
    assert start is not None
    assert end is None
    assert span(None, read) == (None, None)


@pytest.mark.parametrize(
    ("members", "day", "of_issue"),
    [
        ({"effective_date_time": "2026-11-01", "issued": "2026-11-05T00:00:00Z"}, 1, False),
        ({"effective_instant": "2026-11-02T10:00:00Z"}, 2, False),
        ({"effective_period": Period(start="2026-11-02", end="2026-11-03")}, 3, False),
        ({"effective_period": Period(start="2026-11-04")}, 4, False),
        ({"issued": "2026-11-05T00:00:00Z"}, 5, True),
        ({"effective_date_time": "soon", "issued": "2026-11-06T00:00:00Z"}, 6, True),
    ],
)
def test_the_time_of_an_observation(members: dict[str, object], day: int, of_issue: bool) -> None:
    when = effective(ObservationIn(**members), reader(UTC), UTC)  # type: ignore[arg-type]
    assert when is not None
    assert (when.first.day, when.of_issue) == (day, of_issue)


def test_an_observation_without_any_time() -> None:
    assert effective(ObservationIn(), reader(UTC), UTC) is None
