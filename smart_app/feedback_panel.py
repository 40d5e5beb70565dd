"""The cards that were shown about this patient, and one click to say what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from rpild_rules.knowledge import Knowledge
from rpild_rules.texts import Texts
from rpild_rules.when import When
from smart_app.attest_texts import say
from smart_app.opening import Opened
from smart_app.ports import SmartPorts
from smart_app.set_aside import silences_all
from smart_app.statement_ports import CardAnswer, CardFeedback, ShownCard, Subject

LOOK_BACK = timedelta(days=31)
ANSWERED = "feedback"
OUTCOMES = ("accepted", "overridden")
LONGEST_COMMENT, LONGEST_ID = 4000, 255


@dataclass(frozen=True, slots=True)
class CardRow:
    """One card: its title, when and to whom it was shown, what was said about it; reasons to choose from.

    `silences` tells which of them keep the card from everybody; empty where none does.
    """

    id: str
    topic: str
    title: str
    sent: str
    said: str
    reasons: Mapping[str, str]
    silences: str = ""


@dataclass(frozen=True, slots=True)
class FeedbackPanel:
    """The cards of the last month, the newest of each topic."""

    rows: tuple[CardRow, ...]
    words: Mapping[str, str]
    notice: str = ""


WORDS = ("lead", "accept", "override", "reason", "comment", "comment_hint", "none")


def feedback_panel(
    about: Subject, feedback: CardFeedback, now: datetime, knowledge: Knowledge, zone: tzinfo, done: bool = False
) -> FeedbackPanel:
    """The panel of one page; `done`: an answer was just given."""
    rows = tuple(_row(each, knowledge, zone) for each in feedback.cards(about, now - LOOK_BACK))
    words = {name: say(f"feedback.{name}") for name in WORDS}
    return FeedbackPanel(rows, words, say("feedback.done") if done else "")


def _row(card: ShownCard, knowledge: Knowledge, zone: tzinfo) -> CardRow:
    texts = knowledge.texts
    topic = texts.topic(card.topic)
    when = When.at(card.sent, zone).printed
    said = say(f"feedback.said_{card.outcome}") if card.outcome in OUTCOMES else ""
    if said and card.reason:
        said = f"{said} {texts.label('override', card.reason)}."
    sent = say("feedback.sent_you" if card.mine else "feedback.sent_other", when=when)
    reasons = {code: texts.label("override", code) for code in topic.override_reasons}
    silences = silences_all(card.topic, knowledge) if card.mine else ""
    return CardRow(card.id, card.topic, topic.title, sent, said, reasons, silences)


def read_answer(form: Mapping[str, str], texts: Texts) -> CardAnswer | None:
    """What a form says about a card; None unless outcome and reason are of the contract."""
    outcome, reason = form.get("outcome", ""), form.get("reason", "")
    card, comment = form.get("card", "")[:LONGEST_ID], form.get("comment", "").strip()[:LONGEST_COMMENT]
    if outcome == "accepted":
        return CardAnswer(card, outcome, comment=comment)
    known = outcome == "overridden" and reason in texts.sections["override"]
    return CardAnswer(card, outcome, reason, comment) if known else None


def say_of_card(seen: Opened, ports: SmartPorts, form: Mapping[str, str]) -> str:
    """Keep what a form says; the word for how it ended, empty where nothing could be kept."""
    said = read_answer(form, ports.knowledge.texts)
    if ports.feedback is None or said is None:
        return ""
    about = Subject(seen.ehr, seen.launch.patient, seen.launch.user)
    return ANSWERED if ports.feedback.save(about, said, ports.now()) else ""
