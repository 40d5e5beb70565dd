"""Which diagnoses count, their earliest date, and what the record held of them at an earlier time (K9, section 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpild_rules.diagnoses import as_of, earliest, history, known_by, present, recorded_within, symptoms
from rpild_rules.facts import Diagnosis
from rpild_rules.when import When
from tests.rules.charts import NOW, UTC, chart, when
from tests.rules.test_cases import shipped

AT = When.at(NOW, UTC)


def diagnosis(line: str) -> Diagnosis:
    (found,) = chart(f"condition {line}").diagnoses
    return found


@pytest.mark.parametrize("dropped", ["refuted", "entered-in-error"])
def test_what_was_refuted_or_entered_in_error_is_no_history(dropped: str) -> None:
    facts = chart("condition ild @-90D id=a clinical=resolved", f"condition ild @-80D verification={dropped}")
    assert [d.reference for d in history(facts, {"ild"})] == ["Condition/a"]
    assert history(facts, {"dyspnea"}) == []


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("dyspnea @-5D", True), ("dyspnea @-5D verification=provisional", True),
        ("cough @-5D verification=differential", True),
        ("hypoxemia @-5D verification=provisional", False), ("hypoxemia @-5D", True),
        ("dyspnea @-5D clinical=resolved abated=-2D", False), ("dyspnea @-5D verification=refuted", False),
    ],
)  # fmt: skip
def test_a_provisional_symptom_counts_now_a_provisional_diagnosis_does_not(line: str, counts: bool) -> None:
    wanted = {"dyspnea", "cough", "hypoxemia"}
    assert bool(present(chart(f"condition {line}"), wanted)) is counts
    abated = "abated" in line
    assert bool(symptoms(chart(f"condition {line}"), wanted, AT, shipped())) is (counts or abated)
    assert not present(chart(f"condition {line}"), {"ild"})
    assert not symptoms(chart(f"condition {line}"), {"ild"}, AT, shipped())


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("-20D", "-30D"), "-30D"), (("-24D/month", "-20D"), "-24D/month"), (("-23D", "-10D/month"), "-23D"),
        (("-10D/month", "-23D"), "-23D"), (("-24D", "-24D/month"), "-24D/month"),
    ],
)  # fmt: skip
def test_the_earliest_date_is_the_one_that_begins_first_of_those_the_shortest(
    dates: tuple[str, str], first: str
) -> None:
    assert earliest(diagnosis(f"ild @{each}") for each in dates) == when(first)


def test_without_a_date_there_is_no_earliest() -> None:
    assert earliest([]) is None
    assert earliest([diagnosis("ild recorded=none")]) is None
    assert earliest([diagnosis("ild @-9D recorded=-20D")]) == when("-20D")


def test_a_recorded_date_stands_before_the_onset() -> None:
    window = shipped().window("one_month_days")
    assert not recorded_within(diagnosis("o2-dependence @-5D recorded=-60D"), AT, window)
    assert recorded_within(diagnosis("o2-dependence @-60D recorded=-5D"), AT, window)
    assert recorded_within(diagnosis("o2-dependence @-5D recorded=none"), AT, window)
    assert not recorded_within(diagnosis("o2-dependence recorded=none"), AT, window)


def test_a_time_is_known_from_its_end_on() -> None:
    u = when("-10d")
    assert known_by(when("-10d"), u, AT)
    assert not known_by(when("-9d23h59m"), u, AT)
    assert known_by(when("-11D"), u, AT)
    assert not known_by(when("-10D"), u, AT)
    assert known_by(when("-0D"), AT, AT)
    assert not known_by(None, u, AT)


def test_what_was_not_recorded_yet_was_not_there() -> None:
    assert as_of(diagnosis("dyspnea @-5D"), when("-10d"), AT) is None
    assert as_of(diagnosis("dyspnea recorded=none"), when("-10d"), AT) is None
    both = diagnosis("dyspnea @-20D recorded=-5D")
    assert as_of(both, when("-10d"), AT) == replace(both, recorded=None)
    assert as_of(both, when("-1d"), AT) == both


def test_dependence_on_oxygen_was_not_there_before_its_record() -> None:
    both = diagnosis("o2-dependence,hypoxemia @-20D recorded=-5D")
    assert as_of(both, when("-10d"), AT) == replace(both, recorded=None, concepts=frozenset({"hypoxemia"}))
    assert as_of(both, when("-1d"), AT) == both
    only_onset = diagnosis("o2-dependence @-20D recorded=none")
    assert as_of(only_onset, when("-10d"), AT) == only_onset


def test_what_abated_later_was_active_then() -> None:
    gone = diagnosis("o2-dependence,dyspnea @-20D recorded=-5D clinical=resolved abated=-4D")
    then = replace(gone, concepts=frozenset({"dyspnea"}), recorded=None, abated=None, clinical="active")
    assert as_of(gone, when("-10d"), AT) == then
    assert as_of(gone, when("-1d"), AT) == gone
    inactive = diagnosis("dyspnea @-20D clinical=inactive")
    assert as_of(inactive, when("-10d"), AT) == inactive
