"""Main cards that a clinician's judgement of the case keeps from everybody for a while (decisions, section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.fatigue import FOR_ALL, Alert, Remembered, is_held_back
from rpild_rules.recommend import Call, choose
from rpild_rules.triggers import TRIGGERS
from rpild_rules.when import When
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.knowledge import Knowledge

SPAN = "override_days_other"
MAIN = frozenset(trigger.topic for trigger in TRIGGERS if trigger.primary)


def find_set_aside(assessment: Assessment, remembered: Remembered, max_cards: int | None) -> Mapping[str, str]:
    """By topic of a card that the page shows: who set it aside, when, why and until when; only while that holds."""
    said = [alert for alert in remembered.alerts if alert.override in FOR_ALL]
    s = assessment.situation
    if not said or s is None:
        return {}
    newest_first = sorted(said, key=lambda alert: str(alert.overridden), reverse=True)
    sent, _held = choose(assessment, Call(max_cards=max_cards))
    return {card.topic: words for card in sent for words in _words(card, s, newest_first, remembered)}


def _words(card: Recommendation, s: Situation, said: list[Alert], remembered: Remembered) -> Iterator[str]:
    """The newest judgement that keeps this card from everybody, in words."""
    for alert in said:
        to_all = replace(remembered, alerts=(replace(alert, own=False),))
        if alert.overridden and is_held_back(card, s, to_all, frozenset()):
            yield _line(card, alert, alert.overridden, s)
            return


def _line(card: Recommendation, alert: Alert, when: datetime, s: Situation) -> str:
    say, until = page_texts().say, when + s.knowledge.window(SPAN).span
    return say(
        "aside.line", card=card.title, who=say("aside.you" if alert.own else "aside.colleague"),
        on=When.at(when, s.facts.zone).printed, reason=s.knowledge.texts.label("override", alert.override),
        until=When.at(until, s.facts.zone).printed,
    )  # fmt: skip


def silences_all(topic: str, knowledge: Knowledge) -> str:
    """What is to be known before a judgement of the case is given on a main card; empty for other cards."""
    if topic not in MAIN:
        return ""
    reasons = knowledge.texts.topic(topic).override_reasons
    labels = [knowledge.texts.label("override", code) for code in reasons if code in FOR_ALL]
    named = " / ".join(labels)
    return page_texts().say("aside.before", reasons=named, span=_span(knowledge)) if labels else ""


def _span(knowledge: Knowledge) -> str:
    span = knowledge.parameter(SPAN)
    return f"{span.printed} {page_texts().label('unit', span.unit)}"
