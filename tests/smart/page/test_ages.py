"""Dates as they are told: as precise as the chart, with an age that never claims more than the chart knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rpild_rules.when import When
from smart_app.ages import dated
from tests.rules.charts import NOW, when

AT = When.at(NOW, UTC)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("now", "0 min ago"), ("-59m", "59 min ago"), ("-1h", "1 h ago"), ("-47h59m", "47 h ago"),
        ("-48h", "2 days ago"),
        ("-23d", "23 days ago"), ("+0D", "today"), ("-1D", "yesterday"), ("-18D", "18 days ago"),
        ("+2h", "in the future"),
        ("+0D/month", "0 to 23 days ago"), ("-40D/month", "24 to 54 days ago"),
    ],
)  # fmt: skip
def test_the_age_of_a_date(text: str, age: str) -> None:
    if text.endswith("m") and "h" not in text:
        at = When.at(NOW - timedelta(minutes=int(text[1:-1])), UTC)
    elif text == "-47h59m":
        at = When.at(NOW - timedelta(hours=47, minutes=59), UTC)
    else:
        at = when(text)
    assert dated(at, AT).age == age


def test_what_is_less_precise_than_a_day_says_so() -> None:
    assert dated(when("-40D/month"), AT).note == "not to the day"
    assert dated(when("-18D"), AT).note == ""
    issued = When.at(datetime(2026, 11, 20, tzinfo=UTC), UTC, of_issue=True)
    assert dated(issued, AT).note == "time of issue"


def test_an_onset_without_a_beginning_is_at_least_so_old() -> None:
    open_start = when("-9D").open_start()
    assert dated(open_start, AT).age == "9 days ago or more"
    assert dated(open_start, AT).note == ""


def test_no_date_is_undated() -> None:
    assert dated(None, AT).words == "undated"
    assert dated(when("-18D"), AT).words == "2026-11-06, 18 days ago"
