"""The words at the top: in rescue or failing therapy that first; then antibody, RP-ILD by which definition, stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.assessment import Recommendation
from rpild_rules.findings import MET, NOT_MET
from rpild_rules.gas_exchange import contradicting, index_gas, printed_ratio
from rpild_rules.oxygen import fraction_of
from smart_app.ages import dated
from smart_app.breathing import support_of
from smart_app.missing import Act
from smart_app.page_texts import page_texts
from smart_app.sources import told

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

RESCUE, RESCUE_CARD = "rescue", "ecmoTransplant"
WORSE, WORSE_CARD = "refractory", "refractoryOptions"


@dataclass(frozen=True, slots=True)
class Headline:
    """`lead` goes before all else in need of rescue and where the therapy fails.

    `acts` tells that it names the act of the first card.
    """

    sentence: str
    lead: str = ""
    acts: bool = False


def find_headline(s: Situation, sent: tuple[Recommendation, ...], act: Act | None) -> Headline:
    """The words for a patient in scope; `sent` are the cards that the page shows, `act` what would settle it."""
    say = page_texts().say
    stage = s.knowledge.texts.label("stage", s.stage)
    if s.stage == "firstLine":
        stage = say("standing.first_line", stage=stage)
    words = f"{act.words} " if act else ""
    sentence = say("standing.sentence", antibody=_antibody(s), rp=_rp(s), act=words, stage=stage)
    first = sent[0].topic if sent else ""
    if s.stage == WORSE and first == WORSE_CARD:
        return Headline(sentence, f"{sent[0].summary}.", acts=True)
    acts = first == RESCUE_CARD
    return Headline(sentence, _lead(s, sent[0] if acts else None) if s.stage == RESCUE else "", acts)


def _lead(s: Situation, card: Recommendation | None) -> str:
    """Breathing support and the gas that put the patient here, then the act in the words of the card."""
    gas = _gas(s)
    states = ", ".join(filter(None, (_support(s), gas)))
    first = states[:1].upper() + states[1:]
    return f"{first}: {card.summary.partition(': ')[2]}." if card else f"{first}."


def _support(s: Situation) -> str:
    support = support_of(s)
    if support is None:
        return ""
    name = s.knowledge.texts.label("support", support.concept)
    return page_texts().say("standing.support", support=name, since=dated(support.start, s.now).brief)


def _gas(s: Situation) -> str:
    """P/F of the gas that the criteria read, with its age; else the finding in full."""
    gas, failure = index_gas(s.facts, s.now, s.now, s.knowledge).value, s.severe or s.rescue
    if failure is None:
        return ""
    oxygen = fraction_of(gas, s.facts, s.knowledge, s.now).value if gas else None
    doubted = gas is None or bool(contradicting(gas, s.facts, s.knowledge, s.now))
    if gas is None or oxygen is None or doubted or failure.rule == "acidosis":
        return told(failure.words, s)
    return page_texts().say("standing.ratio", ratio=printed_ratio(gas, oxygen), age=dated(gas.when, s.now).age)


def _antibody(s: Situation) -> str:
    say, state = page_texts().say, s.mda5.state
    if state == "positive":
        doubtful = s.mda5.marks & {"weak", "multiple", "discordant"}
        return say("antibody.positive_doubtful" if doubtful else "antibody.positive")
    if state == "none":
        return say("antibody.unread" if s.mda5.reason else "antibody.none")
    if state == "negative":
        return say("antibody.negative_other" if s.in_context("otherMsa") else "antibody.negative")
    return say(f"antibody.{state}")


def _rp(s: Situation) -> str:
    """How RP-ILD stands, by which definition, since when."""
    say, onset = page_texts().say, s.onset.when
    since = say("rp.since", onset=dated(onset, s.now).brief) if onset else say("rp.no_onset")
    latched = s.episode.latch.on
    if s.rp is MET:
        return say("rp.met", since=since)
    if s.episode.met and latched:
        today = say("rp.today_no" if s.rp is NOT_MET else "rp.today_unknown")
        return say("rp.latched", on=dated(latched, s.now).brief, today=today, since=since)
    if s.episode.met:
        return say("rp.judged", since=since)
    if s.three_months is MET:
        return say("rp.three_months", today=say("rp.today_no" if s.rp is NOT_MET else "rp.today_unknown"))
    return say("rp.not_met" if s.rp is NOT_MET else "rp.unknown", date=s.now.printed, since=since)
