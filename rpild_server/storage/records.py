"""What is kept of a call: the decision record, or the short row of a call that stopped at the gate; and finding it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime

import orjson
from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch, Row, insert_new
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import record_failure
from rpild_server.storage.prepared import Prepared
from rpild_server.storage.tables import cards, decision_records, gate_rows
from rpild_server.storage.times import stamp
from rpild_server.storage.writer import GroupWriter

WAIT_SECONDS = 2.0
ANSWER = Prepared(
    select(decision_records.c.id, decision_records.c.key_id, decision_records.c.response).where(
        decision_records.c.call_key == bindparam("call_key")
    )
)

KNOWN = Prepared(
    select(decision_records.c.id).where(decision_records.c.hook_instance == bindparam("hook_instance")).limit(1)
)


@dataclass(frozen=True, slots=True)
class CallKey:
    """What makes two calls the same: issuer, service, hook instance and the SHA-256 of the body (hex)."""

    iss: str
    service: str
    hook_instance: str
    body_sha256: str

    @property
    def digest(self) -> str:
        """One text for all four."""
        parts = [self.iss, self.service, self.hook_instance, self.body_sha256]
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class SentCard:
    """One card of an answer; `fingerprint` is the exact part that the alert memory knows it by."""

    card_id: str
    topic: str
    indicator: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `id` is the correlation id of the answer; patient and clinician are pseudonyms (Keyring.pseudonym).

    `payload` is JSON of all that a replay needs: facts with references and versions, settings, memory snapshot,
    assessment. `response` are the bytes of the answer. Both are sealed before they are stored. `timings` are in ms.
    `summary` is JSON text for reports, without any value of the patient: it stays when the content is removed.
    """

    id: str
    call: CallKey
    patient: str
    clinician: str
    created: datetime
    knowledge_version: str
    knowledge_sha256: str
    app_version: str
    payload: bytes
    response: bytes
    gate: str = ""
    unit: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    cards: tuple[SentCard, ...] = ()
    summary: str = "{}"


@dataclass(frozen=True, slots=True)
class GateRow:
    """A call that stopped at the gate; patient is a pseudonym."""

    hook_instance: str
    iss: str
    service: str
    patient: str
    gate: str
    knowledge_version: str
    created: datetime
    unit: str = ""


class RecordStore:
    """Where decisions are recorded before they are answered."""

    def __init__(self, engine: Engine, keyring: Keyring, writer: GroupWriter) -> None:
        self._engine = engine
        self._keyring = keyring
        self._writer = writer

    def knows(self, hook_instance: str) -> bool:
        """Whether there is a decision of this hook instance, on whatever body."""
        with self._reading() as connection:
            return bool(KNOWN.rows(connection, {"hook_instance": hook_instance}))

    def find(self, call: CallKey) -> bytes | None:
        """The answer already given to this call; None if it is new or its content was removed."""
        with self._reading() as connection:
            return _answer(connection, self._keyring, call)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise record_failure(problem) from None

    def record(self, decision: Decision, seconds: float = WAIT_SECONDS) -> bytes:
        """Record a decision; back when it is on the disk, with the answer to send.

        That is this decision's answer, or the stored one if the same call was recorded before. Raises RecordStoreError.
        """
        row = _sealed(decision, self._keyring)
        what = {"record": decision.id, "digest": record_digest(row), "beside": beside_digest(row, decision.cards)}
        event = Event(decision.created, "decision", decision.clinician, what)
        answer: bytes = self._writer.run(lambda batch: _write(batch, decision, row, event), seconds)
        return answer

    def note(self, gate_row: GateRow) -> None:
        """Record a call that stopped at the gate, without waiting for the disk. Raises RecordStoreError."""
        row = _plain(gate_row) | {"created": stamp(gate_row.created)}
        self._writer.submit(lambda batch: batch.add(gate_rows, row), urgent=False)


def place(record_id: str, column: str) -> str:
    """What a sealed content is bound to."""
    return f"decision_records/{record_id}/{column}"


def record_digest(row: Mapping[str, object]) -> str:
    """What the audit log vouches for: every column that stays when the content is removed."""
    return hashlib.sha256(orjson.dumps([row[name] for name in VOUCHED])).hexdigest()


def beside_digest(row: Mapping[str, object], sent: Iterable[SentCard]) -> str:
    """The same for what stands beside: care unit, times, summary, and the rows of the cards."""
    told = sorted([each.card_id, each.topic, each.indicator, each.fingerprint] for each in sent)
    return hashlib.sha256(orjson.dumps([[row[name] for name in BESIDE], told])).hexdigest()


BESIDE = ("unit", "timings", "summary")
VOUCHED = (
    "id", "hook_instance", "iss", "service", "body_sha256", "gate", "knowledge_version", "knowledge_sha256",
    "app_version", "created", "payload_sha256", "response_sha256",
)  # fmt: skip


PLAIN = (
    "id", "patient", "clinician", "unit", "gate", "knowledge_version", "knowledge_sha256", "app_version", "summary",
)  # fmt: skip


def _sealed(decision: Decision, keyring: Keyring) -> Row:
    """The row of a decision; sealing is done here, in the caller's thread."""
    payload = keyring.seal(decision.payload, place(decision.id, "payload"))
    response = keyring.seal(decision.response, place(decision.id, "response"))
    return (
        {name: getattr(decision, name) for name in PLAIN}
        | _plain(decision.call)
        | {
            "call_key": decision.call.digest,
            "created": stamp(decision.created),
            "key_id": keyring.current,
            "payload": payload,
            "response": response,
            "payload_sha256": hashlib.sha256(payload).hexdigest(),
            "response_sha256": hashlib.sha256(response).hexdigest(),
            "timings": orjson.dumps(decision.timings, option=orjson.OPT_SORT_KEYS).decode(),
        }
    )


def _plain(row: CallKey | SentCard | GateRow) -> Row:
    """The fields of a flat dataclass, without the copies that `asdict` makes."""
    return {each.name: getattr(row, each.name) for each in fields(row)}


def _write(batch: Batch, decision: Decision, row: Row, event: Event) -> bytes | None:
    if not insert_new(batch.connection, decision_records, row, "call_key"):
        return _answer(batch.connection, batch.keyring, decision.call)
    for card in decision.cards:
        batch.add(cards, _plain(card) | {"record_id": decision.id})
    batch.audit(event)
    return decision.response


def _answer(connection: Connection, keyring: Keyring, call: CallKey) -> bytes | None:
    """The stored answer of a call."""
    for id, key_id, response in ANSWER.rows(connection, {"call_key": call.digest}):
        return keyring.unseal(key_id, response, place(id, "response"))
    return None
