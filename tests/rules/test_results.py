"""Lists of results, newest first, and the part of them that lies around a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rpild_rules import results
from rpild_rules.facts import PatientFacts
from rpild_rules.findings import MET
from rpild_rules.when import When, Window, near
from tests.rules.charts import NOW, chart

DAYS = Window(timedelta(days=3), True)
MINUTES = Window(timedelta(minutes=60), False)


def gases(*times: str) -> PatientFacts:
    return chart(*(f"pao2 {60 + n} @{time}" for n, time in enumerate(times)))


@given(st.lists(st.integers(-200, 200), max_size=30), st.integers(-200, 200), st.sampled_from([DAYS, MINUTES]))
def test_around_leaves_out_nothing_that_surely_lies_near(hours: list[int], at: int, window: Window) -> None:
    found = results.of(gases(*(f"{n:+d}h" for n in hours), *(f"{n // 24:+d}D" for n in hours)), "pao2")
    moment = When.at(NOW + timedelta(hours=at), UTC)
    around = {m.reference for m in results.around(found, moment, window)}
    close = {m.reference for m in found if m.when and near(m.when, moment, window) is MET}
    assert close <= around


def test_around_stops_where_the_calendar_ends() -> None:
    found = results.of(gases("-1h"), "pao2")
    first, last = (When.days(edge, edge, UTC, edge.isoformat()) for edge in (date.min, date.max))
    assert [results.around(found, first, window) for window in (DAYS, MINUTES)] == [found, []]
    assert [results.around(found, last, window) for window in (DAYS, MINUTES)] == [[], []]


def test_oxygen_prints_as_a_fraction_or_with_its_percent_sign() -> None:
    facts = chart("fio2 0.40 @-1h")
    m = results.of(facts, "fio2")[0]
    assert results.printed(m) == "0.40"
    for sent, wanted in (("0.40 1", "0.40"), ("40 %", "40 %"), ("40 1", "0.40"), ("", "0.40")):
        assert results.printed(replace(m, printed=sent)) == wanted


def test_a_result_without_printed_words_is_told_so() -> None:
    (m,) = results.of(gases("-1h"), "pao2")
    assert results.shown(replace(m, printed="")) == "no value on 2026-11-24 09:00"
