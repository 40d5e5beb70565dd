"""What a conformance kit for CDS servers asserts, written anew: discovery, a signed call, every part of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
INDICATORS = {"info", "warning", "critical"}
TEXT, LIST = str, list


def discovery_faults(document: Any) -> Iterator[str]:
    """`services` is a list, and each service names itself."""
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, list) or not services:
        yield "services is not a list with entries"
        return
    for service in services:
        yield from _typed(service, "service", hook=TEXT, description=TEXT, id=TEXT)


def response_faults(document: Any, drafts: set[str]) -> Iterator[str]:
    """`drafts` holds `Type/id` of the draft orders: only those may be changed or removed by a suggestion."""
    cards = document.get("cards") if isinstance(document, dict) else None
    if not isinstance(cards, list):
        yield "cards is not a list"
        return
    for card in cards:
        yield from card_faults(card, drafts)


def card_faults(card: Json, drafts: set[str]) -> Iterator[str]:
    yield from _typed(card, "card", summary=TEXT, indicator=TEXT, source=dict)
    if len(card.get("summary", "")) >= 140:
        yield "card: the summary has 140 characters or more"
    if card.get("indicator") not in INDICATORS:
        yield "card: unknown indicator"
    source = card.get("source", {})
    yield from _typed(source, "source", label=TEXT, topic=dict)
    yield from _typed(source.get("topic", {}), "topic", code=TEXT, system=TEXT)
    optional = {"uuid": TEXT, "detail": TEXT, "suggestions": LIST, "overrideReasons": LIST, "links": LIST}
    yield from _typed(card, "card", optional=True, **optional)
    for reason in card.get("overrideReasons", []):
        yield from _typed(reason, "override reason", code=TEXT, system=TEXT, display=TEXT)
    for link in card.get("links", []):
        yield from link_faults(link)
    if card.get("suggestions") and card.get("selectionBehavior") not in ("any", "at-most-one"):
        yield "card: suggestions without selectionBehavior"
    for suggestion in card.get("suggestions", []):
        yield from suggestion_faults(suggestion, drafts)


def link_faults(link: Json) -> Iterator[str]:
    yield from _typed(link, "link", label=TEXT, type=TEXT, url=TEXT)
    if link.get("type") not in ("absolute", "smart"):
        yield "link: unknown type"
    if link.get("type") == "absolute" and "appContext" in link:
        yield "link: appContext on an absolute link"


def suggestion_faults(suggestion: Json, drafts: set[str]) -> Iterator[str]:
    yield from _typed(suggestion, "suggestion", label=TEXT, actions=LIST)
    if not suggestion.get("actions"):
        yield "suggestion: no actions"
    for action in suggestion.get("actions", []):
        yield from action_faults(action, drafts)


def action_faults(action: Json, drafts: set[str]) -> Iterator[str]:
    yield from _typed(action, "action", type=TEXT, description=TEXT)
    kind, resource = action.get("type"), action.get("resource", {})
    if kind in ("create", "update"):
        yield from _typed(resource, "resource", resourceType=TEXT)
    if kind == "update" and f"{resource.get('resourceType')}/{resource.get('id')}" not in drafts:
        yield "action: changes something that is no draft order"
    if kind == "delete" and action.get("resourceId") not in drafts:
        yield "action: removes something that is no draft order"
    if kind not in ("create", "update", "delete"):
        yield "action: unknown type"


def _typed(thing: Any, name: str, optional: bool = False, **fields: type) -> Iterator[str]:
    """Fields with a value of their type; optional ones may be missing."""
    for field, kind in fields.items():
        value = thing.get(field) if isinstance(thing, dict) else None
        if value is None and optional:
            continue
        if not isinstance(value, kind) or not value:
            yield f"{name}: {field} is not a {kind.__name__} with content"
