"""What users said about cards: looked up by card, stored once, read for reports."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch, Row, insert_new
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import record_failure
from rpild_server.storage.records import WAIT_SECONDS
from rpild_server.storage.tables import cards, decision_records, feedback
from rpild_server.storage.times import read_stamp, stamp
from rpild_server.storage.writer import GroupWriter

KEPT = "feedback-kept"  # the event of every statement, whoever made it
SAID = ("key", "card_id", "record_id", "outcome", "outcome_time", "reason", "suggestions", "received")
MOST_CARDS = 200  # of one patient, looked at for the page


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A card that was sent, with what the alert memory needs to know of it."""

    card_id: str
    record_id: str
    topic: str
    indicator: str
    fingerprint: str
    patient: str
    clinician: str


@dataclass(frozen=True, slots=True)
class SentTo:
    """A card as it was sent, to whom (a pseudonym), and the newest that was said about it (empty: nothing)."""

    card_id: str
    topic: str
    indicator: str
    created: datetime
    clinician: str
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a user said about a card: `accepted` or `overridden`, the reason's code, ids of accepted suggestions."""

    card: KnownCard
    outcome: str
    outcome_time: datetime
    reason: str = ""
    comment: str = field(default="", repr=False)
    suggestions: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for a repeated statement."""
        said = [self.card.card_id, self.card.record_id, self.outcome, stamp(self.outcome_time), self.reason]
        return hashlib.sha256(orjson.dumps([*said, *sorted(self.suggestions)])).hexdigest()


class FeedbackStore:
    """Statements about cards, kept with the decision records."""

    def __init__(self, engine: Engine, keyring: Keyring, writer: GroupWriter) -> None:
        self._engine = engine
        self._keyring = keyring
        self._writer = writer

    def find_card(self, iss: str, card_id: str) -> KnownCard | None:
        """The card as last sent to this issuer; None if it never was. Raises RecordStoreError."""
        records = decision_records.c
        query = (
            select(cards, records.patient, records.clinician)
            .join(decision_records)
            .where(cards.c.card_id == card_id, records.iss == iss)
            .order_by(records.created.desc())
        )
        try:
            with self._engine.connect() as connection:
                row = connection.execute(query).mappings().first()
        except SQLAlchemyError as problem:
            raise record_failure(problem) from None
        return KnownCard(**row) if row else None

    def cards_of(self, iss: str, patient: str, since: datetime) -> tuple[SentTo, ...]:
        """The cards that an issuer was sent about a patient (a pseudonym), newest first. Raises RecordStoreError."""
        records = decision_records.c
        said = (feedback.c.card_id == cards.c.card_id) & (feedback.c.record_id == cards.c.record_id)
        query = (
            select(cards, records.created, records.clinician, feedback.c.outcome, feedback.c.reason)
            .select_from(cards.join(decision_records).outerjoin(feedback, said))
            .where(records.iss == iss, records.patient == patient, records.created >= stamp(since))
            .order_by(records.created.desc(), cards.c.card_id, feedback.c.received.desc())
            .limit(MOST_CARDS)
        )
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
        except SQLAlchemyError as problem:
            raise record_failure(problem) from None
        return tuple(
            SentTo(
                row.card_id, row.topic, row.indicator, read_stamp(row.created), row.clinician, row.outcome or "",
                row.reason or "",
            )
            for row in rows
        )  # fmt: skip

    def save(self, statement: Statement, received: datetime, seconds: float = WAIT_SECONDS) -> bool:
        """Store a statement, audited; False if it was stored before. Raises RecordStoreError."""
        row = self._row(statement, received)
        what = {"record": row["record_id"], "card": row["card_id"], "statement": said_digest(row)}
        event = Event(received, KEPT, "system", what)
        new: bool = self._writer.run(lambda batch: _write(batch, row, event), seconds)
        return new

    def _row(self, said: Statement, received: datetime) -> Row:
        comment = self._keyring.seal(said.comment.encode(), _place(said.key)) if said.comment else None
        return {
            "key": said.key,
            "card_id": said.card.card_id,
            "record_id": said.card.record_id,
            "outcome": said.outcome,
            "outcome_time": stamp(said.outcome_time),
            "reason": said.reason,
            "suggestions": orjson.dumps(said.suggestions).decode(),
            "key_id": self._keyring.current,
            "comment": comment,
            "received": stamp(received),
        }

    def rows(self, since: datetime, until: datetime) -> Iterator[Row]:
        """Statements received in [since, until) with topic, issuer and unit of their card, comments unsealed."""
        same_card = (cards.c.card_id == feedback.c.card_id) & (cards.c.record_id == feedback.c.record_id)
        query = (
            select(feedback, cards.c.topic, decision_records.c.iss, decision_records.c.unit)
            .join(cards, same_card)
            .join(decision_records, decision_records.c.id == feedback.c.record_id)
            .where(feedback.c.received >= stamp(since), feedback.c.received < stamp(until))
            .order_by(feedback.c.received, feedback.c.key)
        )
        with self._engine.connect() as connection:
            for row in connection.execute(query).mappings():
                comment = row["comment"] and self._keyring.unseal(row["key_id"], row["comment"], _place(row["key"]))
                yield dict(row) | {"comment": (comment or b"").decode()}


def _place(key: str) -> str:
    return f"feedback/{key}/comment"


def said_digest(row: Row) -> str:
    """What the audit log vouches for: all of a statement but its comment."""
    return hashlib.sha256(orjson.dumps([row[name] for name in SAID])).hexdigest()


def _write(batch: Batch, row: Row, event: Event) -> bool:
    new = insert_new(batch.connection, feedback, row, "key")
    if new:
        batch.audit(event)
    return new
