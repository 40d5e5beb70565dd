"""Lists of results, newest first, and the part of them that lies around a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rpild_rules import results
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import NOT_MET
from rpild_rules.when import When, Window, near
from tests.rules.charts import NOW, chart

DAYS = Window(timedelta(days=3), True)
MINUTES = Window(timedelta(minutes=60), False)


def gases(*times: str) -> PatientFacts:
    return chart(*(f"pao2 {60 + n} @{time}" for n, time in enumerate(times)))


@given(st.lists(st.integers(-200, 200), max_size=30), st.integers(-200, 200), st.sampled_from([DAYS, MINUTES]))
def test_around_leaves_out_nothing_that_may_lie_near(hours: list[int], at: int, window: Window) -> None:
    found = results.of(gases(*(f"{n:+d}h" for n in hours), *(f"{n // 24:+d}D" for n in hours)), "pao2")
    moment = When.at(NOW + timedelta(hours=at), UTC)
    around = {m.reference for m in results.around(found, moment, window)}
    close = {m.reference for m in found if m.when and near(m.when, moment, window) is not NOT_MET}
    assert close <= around


def test_around_ends_where_the_calendar_ends() -> None:
    found = results.of(gases("-1h"), "pao2")
    for edge in (date.min, date.max):
        day = When.days(edge, edge, UTC, edge.isoformat())
        assert results.around(found, day, DAYS) == []


def test_between_includes_both_ends_and_no_undated() -> None:
    facts = chart("pao2 60 @-3h", "pao2 61 @-2h", "pao2 62 @-1h", "pao2 63")
    found = results.of(facts, "pao2")
    low, high = (datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (7, 8))
    assert [m.printed for m in results.between(found, low, high)] == ["61", "60"]
    assert [m.printed for m in found] == ["62", "61", "60", "63"]


def test_oxygen_prints_as_a_fraction_or_with_its_percent_sign() -> None:
    facts = chart("fio2 0.40 @-1h")
    m = results.of(facts, "fio2")[0]
    assert results.printed(m) == "0.40"
    for sent, wanted in (("0.40 1", "0.40"), ("40 %", "40 %"), ("40 1", "0.40"), ("", "0.40")):
        assert results.printed(replace(m, printed=sent)) == wanted
