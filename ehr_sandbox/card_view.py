"""Cards as the chart page shows them: severity in words, detail as safe HTML, suggestions and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup

from ehr_sandbox.exchanges import Exchange
from ehr_sandbox.fhir_json import Json, as_list
from ehr_sandbox.markdown import render
from ehr_sandbox.smart_links import smart_link

SEVERITIES = {"critical": "Critical", "warning": "Warning", "info": "Information"}
EVENTS = {"patient-view": "chart opened", "order-select": "orders selected", "order-sign": "orders signed"}


@dataclass(frozen=True)
class SuggestionView:
    """One suggestion: its words, and whether it was taken already."""

    id: str
    label: str
    taken: bool


@dataclass(frozen=True)
class CardView:
    """One card, ready for the template. `app` is the label of its SMART link; `answered` what the user did with it."""

    id: str
    indicator: str
    severity: str
    summary: str
    detail: Markup
    source: str
    topic: str
    suggestions: tuple[SuggestionView, ...]
    reasons: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    app: str
    answered: str


@dataclass(frozen=True)
class ExchangeView:
    """What one service said: cards by severity, or the problem. `status` is 0 if it did not answer."""

    id: str
    event: str
    service: str
    status: int
    problem: str
    milliseconds: int
    cards: tuple[CardView, ...]


def exchange_views(exchanges: list[Exchange]) -> list[ExchangeView]:
    """The exchanges, newest first; a card whose topic a newer exchange also shows is left out of the older one."""
    views, shown = [], set[str]()
    for exchange in exchanges:
        cards = tuple(card for card in _cards(exchange) if card.topic not in shown)
        shown |= {card.topic for card in cards if card.topic}
        views.append(_exchange(exchange, cards))
    return views


def _exchange(exchange: Exchange, cards: tuple[CardView, ...]) -> ExchangeView:
    event, status = EVENTS[exchange.hook], exchange.status
    return ExchangeView(exchange.id, event, exchange.service, status, exchange.problem, exchange.milliseconds, cards)


def _cards(exchange: Exchange) -> list[CardView]:
    """Most severe first, otherwise in the service's order."""
    cards = [_card(exchange, card) for card in exchange.cards]
    return sorted(cards, key=lambda card: list(SEVERITIES).index(card.indicator))


def _card(exchange: Exchange, card: Json) -> CardView:
    indicator = card.get("indicator") if card.get("indicator") in SEVERITIES else "info"
    source, identity = card.get("source", {}), str(card.get("uuid", ""))
    return CardView(
        id=identity,
        indicator=str(indicator),
        severity=SEVERITIES[str(indicator)],
        summary=str(card.get("summary", "")),
        detail=render(str(card.get("detail", ""))),
        source=str(source.get("label", "")),
        topic=str(source.get("topic", {}).get("display", "")),
        suggestions=tuple(_suggestion(exchange, identity, each) for each in as_list(card.get("suggestions"))),
        reasons=tuple((str(each["code"]), str(each["display"])) for each in as_list(card.get("overrideReasons"))),
        links=tuple(_links(card)),
        app=str(smart_link(card).get("label", "")),
        answered=exchange.answered.get(identity, ""),
    )


def _suggestion(exchange: Exchange, card: str, suggestion: Json) -> SuggestionView:
    identity = str(suggestion.get("uuid", ""))
    return SuggestionView(identity, str(suggestion.get("label", "")), f"{card}/{identity}" in exchange.answered)


def _links(card: Json) -> Iterator[tuple[str, str]]:
    """Links of a card that lead to a web address; a SMART link is launched instead."""
    for link in as_list(card.get("links")):
        if link.get("type") == "absolute" and urlsplit(str(link.get("url", ""))).scheme in ("http", "https"):
            yield str(link.get("label", "")), str(link["url"])
