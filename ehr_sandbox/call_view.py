"""One call of a CDS service laid open: what was sent, what came back, what was read meanwhile, and how long it took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ehr_sandbox.access_log import AccessLog, FhirCall, mark_of
from ehr_sandbox.card_view import EVENTS
from ehr_sandbox.exchanges import Exchange
from ehr_sandbox.fhir_json import Json, as_list

SECRET = {"access_token", "refresh_token", "id_token", "client_assertion", "client_secret"}


@dataclass(frozen=True)
class Block:
    """A piece of JSON with its name and, in words, what it holds; `open` if it is worth a look at once."""

    id: str
    name: str
    holds: str
    text: str
    open: bool = False


@dataclass(frozen=True)
class Span:
    """A part of the time: what, milliseconds, and its share of the longest part in percent."""

    name: str
    milliseconds: int
    share: int


@dataclass(frozen=True)
class CallView:
    """Everything above for one exchange."""

    event: str
    service: str
    status: int
    problem: str
    spans: tuple[Span, ...]
    blocks: tuple[Block, ...]
    reads: tuple[FhirCall, ...]


def call_view(exchange: Exchange, log: AccessLog) -> CallView:
    """The view of an exchange; tokens are masked."""
    token = str(exchange.request.get("fhirAuthorization", {}).get("access_token", ""))
    reads = log.with_mark(mark_of(token))
    blocks = (*_sent(exchange.request), *_answered(exchange.response))
    event = EVENTS[exchange.hook]
    return CallView(event, exchange.service, exchange.status, exchange.problem, _spans(exchange, reads), blocks, reads)


def _sent(request: Json) -> list[Block]:
    prefetch = request.get("prefetch", {})
    rest = {name: value for name, value in request.items() if name != "prefetch"}
    blocks = [_block("request", "Hook request", "without the prefetch", rest, True)] if rest else []
    return blocks + [
        _block(f"prefetch-{key}", f"Prefetch: {key}", _held(found), found) for key, found in prefetch.items()
    ]


def _answered(response: Json) -> list[Block]:
    cards = as_list(response.get("cards"))
    extension = response.get("extension", {})
    plain = {name: value for name, value in response.items() if name != "extension"}
    found = [_block("response", "Response", "1 card" if len(cards) == 1 else f"{len(cards)} cards", plain, True)]
    return found + ([_block("extension", "Response: extension", "assessment", extension)] if extension else [])


def _held(found: Any) -> str:
    kind = str(found.get("resourceType", "")) if isinstance(found, dict) else "nothing"
    entries = as_list(found.get("entry")) if kind == "Bundle" else []
    return f"{kind}, {len(entries)} {'entry' if len(entries) == 1 else 'entries'}" if kind == "Bundle" else kind


def _block(identity: str, name: str, holds: str, content: Any, is_open: bool = False) -> Block:
    return Block(identity, name, holds, json.dumps(masked(content), indent=1, ensure_ascii=False), is_open)


def masked(value: Any) -> Any:
    """The same JSON without its secrets; their length stays."""
    if isinstance(value, list):
        return [masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: f"(masked, {len(str(each))} characters)" if name in SECRET else masked(each)
        for name, each in value.items()
    }


def _spans(exchange: Exchange, reads: tuple[FhirCall, ...]) -> tuple[Span, ...]:
    """Filling the prefetch, the call, and within it the FHIR requests, which may run side by side."""
    parts = [("This EHR fills the prefetch", exchange.filling), ("The service answers", exchange.milliseconds)]
    if reads:
        parts.append((f"of which {len(reads)} FHIR requests, summed up", sum(each.milliseconds for each in reads)))
    longest = max(1, *(each for _, each in parts))
    return tuple(Span(name, each, round(100 * each / longest)) for name, each in parts)
