"""Silence by design at its edges: whose answer counts, for which card, and which of several earlier cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rpild_rules.assess import assess
from rpild_rules.fatigue import Alert, Remembered, to_remember
from rpild_rules.fingerprint import exact
from rpild_rules.marks import Marks
from rpild_rules.recommend import Call, decide
from rpild_rules.when import TOLERANCE
from tests.rules.charts import NOW, chart
from tests.rules.memory import Memory
from tests.rules.test_cases import shipped
from tests.rules.test_fatigue import DIET, FIRST, MET, MTX, SIGN, SUSPECTED

SEVERE = (*MET, "pao2 70 @-1h", "fio2 1.0 @-1h")
AIP = ("test anti-mda5-qual negative @-14d", "condition ild @-14D", "condition dyspnea @-18D", "pao2 50 @-2h")
STILL = (*SEVERE, "pao2 70 @+20h", "fio2 1.0 @+20h")
WORSE = ("drug prednisolone @-10d mg=60", "drug tacrolimus @-10d", "attest treatment-response worsening @-1d")
HOUR = timedelta(hours=1)


def test_rule_c_carries_the_card_on_ecmo_with_any_order() -> None:
    assert "ecmoTransplant" in Memory().see(*SEVERE, DIET, call=SIGN)


@pytest.mark.parametrize(("lines", "due"), [(AIP, "aipPathway"), ((*MET, *WORSE), "transplantReferral")])
def test_rule_c_carries_no_warning_with_any_order(lines: tuple[str, ...], due: str) -> None:
    assert due in Memory().see(*lines, call=Call())
    assert Memory().see(*lines, DIET, call=SIGN) == []


@pytest.mark.parametrize(("reason", "sent"), [("alternativeDiagnosis", True), ("awaitingResults", False)])
def test_severe_failure_ends_the_own_judgement_and_no_other_answer(reason: str, sent: bool) -> None:
    memory = Memory()
    assert FIRST in memory.see(*SEVERE)
    memory.override(FIRST, reason, hours=20)
    assert (FIRST in memory.see(*STILL, hours=30)) is sent


def test_severe_failure_leaves_a_judgement_on_the_card_that_is_about_it() -> None:
    memory = Memory()
    assert "ecmoTransplant" in memory.see(*SEVERE)
    memory.override("ecmoTransplant", "specialistDecision", hours=20)
    assert "ecmoTransplant" not in memory.see(*STILL, hours=30)
    assert "ecmoTransplant" in memory.see(*STILL, hours=30, user="b")


def test_a_judgement_on_an_order_silences_neither_another_user_nor_the_main_card() -> None:
    memory = Memory()
    assert "avoidForInduction" in memory.see(*SUSPECTED, MTX, call=SIGN)
    memory.override("avoidForInduction", "specialistDecision")
    assert "avoidForInduction" in memory.see(*SUSPECTED, MTX, call=SIGN, hours=1, user="b")
    assert "antibodyPending" in memory.see(*SUSPECTED, hours=1, user="c")


def test_an_old_result_that_is_entered_late_is_not_worse() -> None:
    memory = Memory()
    memory.see(*MET)
    assert FIRST not in memory.see(*MET, "ferritin 1600 @-20d", hours=1)


@pytest.mark.parametrize(("ahead", "sent"), [(timedelta(), False), (timedelta(minutes=1), True)])
def test_a_clock_that_is_wrong_by_more_than_the_tolerance_silences_nothing(ahead: timedelta, sent: bool) -> None:
    memory = Memory()
    memory.see(*MET, hours=(TOLERANCE + ahead) / HOUR)
    assert (FIRST in memory.see(*MET)) is sent


def test_of_earlier_cards_the_newest_of_this_user_is_kept() -> None:
    lines = [line for line in MET if not line.startswith("ferritin")]
    assessment = assess(chart(*lines, "unread E-FERR fetch-failed"), shipped(), NOW)
    assert assessment.situation
    sent = decide(assessment, Call(), Remembered(True)).sent
    part = exact(next(r for r in sent if r.topic == FIRST), assessment.situation)
    first = Alert(FIRST, part, True, Marks(ferritin=3), NOW - 50 * HOUR)
    newest = replace(first, marks=Marks(ferritin=1), sent=NOW - 30 * HOUR)
    others = replace(first, own=False, marks=Marks(ferritin=5), sent=NOW - 2 * HOUR)
    shown = to_remember(sent, assessment, Remembered(True, (first, newest, others)))
    assert [each.marks.ferritin for each in shown if each.topic == FIRST] == [1]


def test_what_is_kept_counts_the_results_since_the_last_card() -> None:
    assessment = assess(chart(*MET, "ferritin 1600 @-20d"), shipped(), NOW)
    assert assessment.situation
    sent = decide(assessment, Call(), Remembered(True)).sent
    part = exact(next(r for r in sent if r.topic == FIRST), assessment.situation)
    before = Alert(FIRST, part, True, Marks(ferritin=0), NOW - HOUR)
    shown = to_remember(sent, assessment, Remembered(True, (before,)))
    assert [each.marks.ferritin for each in shown if each.topic == FIRST] == [0]
