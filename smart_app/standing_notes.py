"""What qualifies the headline, the weightiest first, in the words of the cards where a card says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rpild_rules import attested
from smart_app.ages import dated
from smart_app.page_texts import page_texts
from smart_app.sources import told

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.facts import Attestation


def find_notes(s: Situation) -> tuple[str, ...]:
    """Lines under the headline of a patient in scope."""
    return tuple(_notes(s))


def _notes(s: Situation) -> Iterator[str]:
    say, texts = page_texts().say, s.knowledge.texts
    limits = dict.fromkeys(each.printed for each in s.facts.limits)
    if limits:
        yield say("standing.limits", limits=", ".join(limits))
    if s.blind:
        yield told(texts.say("lead", "gas_blind_care_limited" if s.care_limited else "gas_blind", support=s.blind), s)
    if s.causes:
        yield told(texts.say("lead", "other_cause", causes="; ".join(cause.words for cause in s.causes)), s)
    if s.infection.met:
        yield from infection(s)
    elif s.episode.met:
        yield from infection_in_full(s) if _reviewed(s) else infection(s)
    if s.onset.older:
        yield say("standing.older", older=dated(s.onset.older, s.now).brief)
    if s.onset.ask_again:
        yield say("standing.ask_again")
    yield from pregnancy(s)


def infection(s: Situation) -> Iterator[str]:
    """Signs of infection, what was not looked at, and whether a clinician has; as the cards say it."""
    texts, found = s.knowledge.texts, s.infection
    if found.fever_alone:
        yield texts.say("lead", "fever_alone")
        return
    if found.met:
        signs = "; ".join(sign.words for sign in found.signs)
        key = "infection_reviewed" if found.reviewed else "infection_signs"
        yield told(texts.say("lead", key, signs=signs, date=found.reviewed), s)
        return
    if found.not_assessed:
        yield texts.say("common", "infection_not_assessed", missing=", ".join(found.not_assessed))


def infection_in_full(s: Situation) -> Iterator[str]:
    """The record and the clinician on infection, as one line where a clinician reviewed what the record lacks."""
    lacking, review = () if s.infection.met else s.infection.not_assessed, infection_review(s)
    if _reviewed(s) and lacking:
        yield page_texts().say("standing.reviewed", review=review.rstrip("."), missing=", ".join(lacking))
        return
    yield from infection(s)
    if not (s.infection.met and s.infection.reviewed):
        yield review


def infection_review(s: Situation) -> str:
    """Whether a clinician has reviewed infection lately; as the cards say it."""
    said = _reviewed(s)
    if said:
        date = attested.time_of(said).printed
        return told(s.knowledge.texts.say("common", "infection_review", date=date), s)
    return s.knowledge.texts.say("common", "infection_open")


def _reviewed(s: Situation) -> Attestation | None:
    window = s.knowledge.window("infection_review_hours")
    said = attested.in_force(s.facts, "infection-reviewed", s.now, window)
    return said if said and said.value is True else None


def pregnancy(s: Situation) -> Iterator[str]:
    """A documented or a possible pregnancy, with what tells it."""
    if s.pregnancy.concern:
        key = "standing.pregnancy_documented" if s.pregnancy.documented else "standing.pregnancy_possible"
        yield page_texts().say(key, facts=" ".join(s.pregnancy.documented or s.pregnancy.possible))
