"""What was said between this EHR and a CDS service: one exchange per call, the latest kept in memory."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ehr_sandbox.fhir_json import Json

KEPT = 200


@dataclass
class Exchange:
    """One call: what was sent to which service, and either its answer or the problem in words.

    `status` is 0 when no answer came; `filling` is the time, in milliseconds, before the request went out. `answered`
    maps a card's uuid to what the user did with it.
    """

    hook: str
    service: str
    request: Json
    status: int = 0
    response: Json = field(default_factory=dict)
    problem: str = ""
    milliseconds: int = 0
    filling: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answered: dict[str, str] = field(default_factory=dict)

    @property
    def cards(self) -> list[Json]:
        """The cards of the answer; none if there is a problem."""
        found: list[Any] = [] if self.problem else self.response.get("cards", [])
        return [card for card in found if isinstance(card, dict)]

    def card(self, identity: str) -> Json | None:
        """The card with this uuid."""
        return next((card for card in self.cards if card.get("uuid") == identity), None)


class Exchanges:
    """The latest exchanges, by id; the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, Exchange] = OrderedDict()

    def keep(self, exchange: Exchange) -> Exchange:
        with self._lock:
            self._kept[exchange.id] = exchange
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return exchange

    def find(self, identity: str) -> Exchange | None:
        with self._lock:
            return self._kept.get(identity)
