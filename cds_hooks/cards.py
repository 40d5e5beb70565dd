"""Recommendations out as CDS Hooks cards: one portable profile for every client, the same bytes for the same call.

Profile: uuid, summary, indicator, source with a static topic, detail in minimal markdown, override reasons, and
suggestions that each create one ServiceRequest draft (label equals the action's description), where the EHR can launch
it a link to the page. No empty field, no system action, no other link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from cds_hooks.hook_request import HookRequest
from cds_hooks.plain_markdown import detail, plain
from fhir_mappings.drafts import service_request
from rpild_rules.assessment import Recommendation
from rpild_rules.texts import Texts

Card = dict[str, Any]
NAMESPACE = UUID("6f3a1f0e-6a43-5b0c-9d57-8d2f0c1b7e11")
TOPIC_SYSTEM = "urn:rpild:card-topic"
OVERRIDE_SYSTEM = "urn:rpild:override-reason"
SOURCE_LABEL = "RP-ILD decision support"
SUMMARY_LIMIT = 139
LINK_LABEL = "Open the whole assessment"


@dataclass(frozen=True, slots=True)
class AppLink:
    """Where the EHR launches the page, and what comes back with the launch: a signed reference to this call."""

    url: str
    context: str


def compose_cards(
    sent: Iterable[Recommendation], request: HookRequest, texts: Texts, app: AppLink | None = None
) -> list[Card]:
    """The cards of one answer, in the order given."""
    links = [{"label": LINK_LABEL, "url": app.url, "type": "smart", "appContext": app.context}] if app else []
    cards = [_card(each, request, texts, bool(links)) for each in sent]
    return [card | ({"links": links} if links else {}) for card in cards]


def _card(recommendation: Recommendation, request: HookRequest, texts: Texts, linked: bool) -> Card:
    identity = uuid5(NAMESPACE, f"{request.iss}|{request.hook_instance}|{recommendation.topic}")
    card: Card = {
        "uuid": str(identity),
        "summary": plain(recommendation.summary)[:SUMMARY_LIMIT],
        "indicator": recommendation.indicator,
        "source": {"label": SOURCE_LABEL, "topic": _topic(recommendation)},
        "detail": detail(_sections(recommendation, texts, linked)),
        "overrideReasons": [_override_reason(code, texts) for code in recommendation.overrides],
    }
    suggestions = [_suggestion(item, identity, request) for item in recommendation.items]
    if suggestions:
        card |= {"suggestions": suggestions, "selectionBehavior": "any"}
    return {name: value for name, value in card.items() if value}


def _sections(recommendation: Recommendation, texts: Texts, linked: bool) -> Iterator[tuple[str, Iterable[str]]]:
    """The parts of a card; where the EHR can launch the page, a last line says what stands there."""
    yield from ((each.title, each.lines) for each in recommendation.sections)
    yield "", (texts.say("common", "page"),) if linked else ()


def _topic(recommendation: Recommendation) -> Card:
    return {"system": TOPIC_SYSTEM, "code": recommendation.topic, "display": recommendation.title}


def _override_reason(code: str, texts: Texts) -> Card:
    return {"system": OVERRIDE_SYSTEM, "code": code, "display": texts.label("override", code)}


def _suggestion(item: str, card: UUID, request: HookRequest) -> Card:
    draft = service_request(item, request.patient_id, request.encounter_id or None)
    label = str(draft["code"]["text"])
    action = {"type": "create", "description": label, "resource": draft}
    return {"label": label, "uuid": str(uuid5(card, item)), "actions": [action]}
