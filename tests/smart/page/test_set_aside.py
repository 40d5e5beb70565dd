"""A main card that a colleague set aside is told as that, as long as it holds (decisions, section 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rpild_rules.fatigue import Alert, Remembered, to_remember
from rpild_rules.recommend import Call, choose
from smart_app.set_aside import find_set_aside, silences_all
from tests.rules.charts import NOW
from tests.smart.page.pages import MET
from tests.smart.pictures.looking import seen

TOPIC = "combinationTherapy"


def told(*later: str, days: int = 1, reason: str = "alternativeDiagnosis", own: bool = False) -> str:
    """What is told of the card, set aside some days ago, when the chart holds these lines as well now."""
    before = seen(*MET)[0]
    sent, _ = choose(before, Call())
    when = NOW - timedelta(days=days)
    kept = to_remember([card for card in sent if card.topic == TOPIC], before, Remembered(True))
    alerts = tuple(Alert(each.topic, each.fingerprint, own, each.marks, when, reason, when) for each in kept)
    assert alerts
    return find_set_aside(seen(*MET, *later)[0], Remembered(True, alerts), None).get(TOPIC, "")


def test_who_when_why_and_until_when() -> None:
    line = told()
    assert "set aside by a colleague on 2026-11-23 10:00 (Another diagnosis explains the findings)." in line
    assert "until 2026-11-30 10:00" in line
    assert "set aside by you on 2026-11-23" in told(own=True)


def test_it_ends_with_its_time_with_another_reason_and_when_the_disease_is_worse() -> None:
    assert told(days=8) == ""
    assert told(reason="awaitingResults") == ""
    assert told("pao2 50 @-1h", "fio2 0.21 @-1h") == ""


def test_nothing_is_told_of_a_patient_out_of_scope_or_without_a_memory() -> None:
    outside = replace(seen(*MET)[0], situation=None)
    assert find_set_aside(outside, Remembered(), None) == {}
    assert find_set_aside(seen(*MET)[0], Remembered(), None) == {}


def test_only_a_main_card_is_kept_from_everybody() -> None:
    knowledge = seen(*MET)[0].knowledge
    assert "for 7 days" in silences_all(TOPIC, knowledge)
    assert silences_all("transplantReferral", knowledge) == ""
