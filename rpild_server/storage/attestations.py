"""Clinicians' attestations: those that an EHR does not keep, and what became of those that it should; sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch, insert_new
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import record_failure
from rpild_server.storage.prepared import Prepared
from rpild_server.storage.records import WAIT_SECONDS
from rpild_server.storage.tables import attestations
from rpild_server.storage.times import read_stamp, stamp
from rpild_server.storage.writer import GroupWriter

KeptAt = Literal["own", "ehr", "sending", "refused", "unheard"]
FINAL = "final"
OF_PATIENT = (
    select(attestations)
    .where(attestations.c.patient == bindparam("patient"), attestations.c.content.is_not(None))
    .order_by(attestations.c.created, attestations.c.id)
)
COUNTING = Prepared(
    select(attestations.c.id, attestations.c.key_id, attestations.c.content)
    .where(
        attestations.c.patient == bindparam("patient"),
        attestations.c.content.is_not(None),
        attestations.c.place == "own",
        attestations.c.status == FINAL,
    )
    .order_by(attestations.c.created, attestations.c.id)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One statement. Patient and clinician are pseudonyms; `content` is the Observation as JSON.

    `place`: `own` (we keep it), `ehr` (the EHR does), `sending` (on its way there), `refused` (the EHR did not take it)
    or `unheard` (it did not say), and nobody has decided yet. `status` is `final` or `entered-in-error`.
    """

    id: str
    patient: str
    clinician: str
    code: str
    place: KeptAt
    status: str
    created: datetime
    content: bytes = field(repr=False)


class AttestationStore:
    """Statements by patient; each method raises RecordStoreError, reading also UnreadableRecordError."""

    def __init__(self, engine: Engine, keyring: Keyring, writer: GroupWriter) -> None:
        self._engine = engine
        self._keyring = keyring
        self._writer = writer

    def add(self, kept: Kept, seconds: float = WAIT_SECONDS) -> bool:
        """Store a statement, audited; False if one of this id is there: a form that was sent twice."""
        row = {name: getattr(kept, name) for name in ("id", "patient", "clinician", "code", "place", "status")}
        row |= {"created": stamp(kept.created), "changed": stamp(kept.created)} | self._sealed(kept.id, kept.content)
        event = Event(kept.created, "attestation", kept.clinician, _told(kept))
        new: bool = self._writer.run(lambda batch: _insert(batch, row, event), seconds)
        return new

    def change(
        self, kept: Kept, was: Collection[KeptAt], who: str, now: datetime, why: str = "", seconds: float = WAIT_SECONDS
    ) -> bool:
        """Give a statement its new place, status and content, audited; False unless it is final and at one of `was`."""
        row: dict[str, object] = {"place": kept.place, "status": kept.status, "changed": stamp(now)}
        row |= self._sealed(kept.id, kept.content)
        where = (
            (attestations.c.id == kept.id)
            & (attestations.c.patient == kept.patient)
            & (attestations.c.status == FINAL)
            & attestations.c.place.in_(was)
        )
        event = Event(now, "attestation-changed", who, _told(kept) | ({"why": why} if why else {}))
        changed: bool = self._writer.run(lambda batch: _update(batch, where, row, event), seconds)
        return changed

    def of_patient(self, patient: str) -> tuple[Kept, ...]:
        """All statements about a patient that still have content, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(OF_PATIENT, {"patient": patient}).all()
        return tuple(
            Kept(
                row.id, row.patient, row.clinician, row.code, row.place, row.status, read_stamp(row.created),
                self._content(row),
            )
            for row in rows
        )  # fmt: skip

    def counting(self, patient: str) -> tuple[bytes, ...]:
        """The Observations that we alone keep and nobody has withdrawn: for the chart, on hook and page."""
        with self._reading() as connection:
            rows = COUNTING.rows(connection, {"patient": patient})
        return tuple(self._keyring.unseal(key_id, content, _place(id)) for id, key_id, content in rows)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise record_failure(problem) from None

    def _sealed(self, id: str, content: bytes) -> dict[str, object]:
        return {"key_id": self._keyring.current, "content": self._keyring.seal(content, _place(id))}

    def _content(self, row: Row[Any]) -> bytes:
        return self._keyring.unseal(row.key_id, row.content, _place(row.id))


def _place(id: str) -> str:
    return f"attestations/{id}/content"


def _told(kept: Kept) -> dict[str, object]:
    """What the audit log says of it: never what was stated."""
    return {"attestation": kept.id, "code": kept.code, "place": kept.place, "status": kept.status}


def _insert(batch: Batch, row: dict[str, object], event: Event) -> bool:
    new = insert_new(batch.connection, attestations, row, "id")
    if new:
        batch.audit(event)
    return new


def _update(batch: Batch, where: ColumnElement[bool], row: dict[str, object], event: Event) -> bool:
    changed = batch.connection.execute(update(attestations).where(where).values(row)).rowcount == 1
    if changed:
        batch.audit(event)
    return changed
