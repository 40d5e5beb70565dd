"""What statements and feedback need from outside: a store for them, cards as sent, the last view."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from ehr_access.registry import TrustedEhr
from rpild_rules.fatigue import Remembered

Place = Literal["own", "ehr", "sending", "refused", "unheard"]
FINAL = "final"


@dataclass(frozen=True, slots=True)
class Subject:
    """About whom, and who speaks: a patient of one EHR, and a user of it as `Type/id`."""

    ehr: TrustedEhr
    patient: str
    user: str


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """One statement as it is kept; `content` is the Observation as JSON, `mine` whether this user made it.

    `place`: `own` (we keep it), `ehr` (the EHR does), `sending` (on its way), `refused` or `unheard` (the EHR did not
    take it, or did not say, and nobody has decided yet). `status` is that of the Observation.
    """

    id: str
    code: str
    place: Place
    status: str
    created: datetime
    content: bytes = field(repr=False)
    mine: bool = True


class Statements(Protocol):
    """Statements kept by ourselves, or by the EHR through us. Every change is audited. Raises PageStoreError."""

    def of_patient(self, about: Subject) -> tuple[KeptStatement, ...]:
        """All of a patient, oldest first."""
        ...

    def add(self, about: Subject, kept: KeptStatement) -> bool:
        """Keep a statement; False if there is one of this id."""
        ...

    def change(self, about: Subject, kept: KeptStatement, was: Collection[Place], now: datetime) -> bool:
        """Give a statement its new place, status and content; False unless it is final and at one of `was`."""
        ...


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card that a hook call about a patient was answered with: when, to whom, and what was said about it."""

    id: str
    topic: str
    indicator: str
    sent: datetime
    mine: bool
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """What a user says about a card on the page: `accepted` or `overridden`, then a reason of the contract."""

    card: str
    outcome: str
    reason: str = ""
    comment: str = field(default="", repr=False)


class CardFeedback(Protocol):
    """The store of feedback that the hook's own feedback goes to. Raises PageStoreError."""

    def cards(self, about: Subject, since: datetime) -> tuple[ShownCard, ...]:
        """The newest card of each topic about a patient, newest first."""
        ...

    def remembered(self, about: Subject) -> Remembered:
        """What the alert memory holds of a patient for this user; nothing where it cannot be read."""
        ...

    def save(self, about: Subject, said: CardAnswer, now: datetime) -> bool:
        """Keep what was said, audited; False if the card is none of this patient."""
        ...


class Views(Protocol):
    """The last view of each user on each patient. A store that fails is told, and there is nothing to compare with."""

    def note(self, about: Subject, launch: str, view: bytes, now: datetime) -> bytes | None:
        """Keep a view; back with the one to compare it with."""
        ...
