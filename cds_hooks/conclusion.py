"""From all that an answer depends on to its bytes: the pure end of a call, run once more when a record is replayed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from cds_hooks.cards import AppLink, Card, compose_cards
from cds_hooks.hook_request import HookRequest
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.contract import as_contract
from rpild_rules.facts import PatientFacts
from rpild_rules.fatigue import NOTHING, Remembered
from rpild_rules.knowledge import Knowledge
from rpild_rules.recommend import Call, Choice, decide

ASSESSMENT = "org.rpild.assessment"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an answer depends on, beside the knowledge. Of the request only ids are used: the chart is in `facts`."""

    request: HookRequest
    facts: PatientFacts
    now: datetime
    call: Call
    remembered: Remembered = NOTHING
    exposed: bool = False
    app: AppLink | None = None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows: the assessment, the cards chosen, the same as sent, and the JSON of the answer."""

    assessment: Assessment
    choice: Choice
    cards: tuple[Card, ...]
    answer: bytes


def conclude(inputs: Inputs, knowledge: Knowledge, assessment: Assessment | None = None) -> Conclusion:
    """The same bytes for the same inputs and knowledge; `assessment` is that of the inputs, where it is known."""
    assessment = assessment or assess(inputs.facts, knowledge, inputs.now)
    choice = decide(assessment, inputs.call, inputs.remembered)
    cards = compose_cards(choice.sent, inputs.request, knowledge.texts, inputs.app)
    answer: dict[str, Any] = {"cards": cards}
    if inputs.exposed:
        answer["extension"] = {ASSESSMENT: as_contract(assessment, tuple(each.topic for each in choice.sent))}
    return Conclusion(assessment, choice, tuple(cards), orjson.dumps(answer))
