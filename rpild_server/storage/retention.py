"""Removing content: of records and statements past the retention time, and of one patient on request. Rows stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch, Row
from rpild_server.storage.tables import (
    alert_memory,
    attestations,
    decision_records,
    feedback,
    gate_rows,
    last_views,
    launches,
)
from rpild_server.storage.times import stamp

NO_CONTENT: Row = {"payload": None, "response": None, "call_key": None}


def apply_retention(batch: Batch, days: int, now: datetime) -> int:
    """Remove the content of decisions older than so many days; the number of records it was removed from.

    A removed record no longer answers a repeated call, and its feedback loses its comments. Attestations as old lose
    their content too.
    """
    before = stamp(now - timedelta(days=days))
    count = _remove(batch, decision_records.c.created < before, now)
    batch.connection.execute(update(feedback).where(feedback.c.received < before).values(comment=None))
    stated = _remove_statements(batch, attestations.c.created < before, now)
    if count or stated:
        batch.audit(Event(now, "retention", "system", {"days": days, "records": count, "attestations": stated}))
    return count


def erase_patient(batch: Batch, patient: str, who: str, now: datetime) -> int:
    """Remove the content of all decisions about a patient (a pseudonym), and the pseudonym; the number of records.

    Only the event keeps the pseudonym, so that whoever asks for the patient later is told of the erasure.
    """
    mine = decision_records.c.patient == patient
    _remove_comments(batch, mine)
    count = _remove(batch, mine, now)
    stated = _remove_statements(batch, attestations.c.patient == patient, now)
    for table in (decision_records, gate_rows, attestations):
        batch.connection.execute(update(table).where(table.c.patient == patient).values(patient=""))
    batch.audit(Event(now, "erasure", who, {"patient": patient, "records": count, "attestations": stated}))
    return count


def forget_patient(memory: Connection, patient: str) -> int:
    """Remove a patient from the alert memory, with every open launch; the number of rows of the memory."""
    for table in (launches, last_views):
        memory.execute(delete(table).where(table.c.patient == patient))
    return memory.execute(delete(alert_memory).where(alert_memory.c.patient == patient)).rowcount


def _remove(batch: Batch, which: ColumnElement[bool], now: datetime) -> int:
    held = which & decision_records.c.erased.is_(None)
    emptied = update(decision_records).where(held).values(NO_CONTENT | {"erased": stamp(now)})
    return batch.connection.execute(emptied).rowcount


def _remove_statements(batch: Batch, which: ColumnElement[bool], now: datetime) -> int:
    held = which & attestations.c.erased.is_(None)
    emptied = update(attestations).where(held).values(content=None, erased=stamp(now))
    return batch.connection.execute(emptied).rowcount


def _remove_comments(batch: Batch, which: ColumnElement[bool]) -> None:
    records = select(decision_records.c.id).where(which)
    batch.connection.execute(update(feedback).where(feedback.c.record_id.in_(records)).values(comment=None))


def sweep_journal(engine: Engine) -> None:
    """Let SQLite write its journal back and empty it, so that removed content is in no file any more."""
    if engine.dialect.name != "sqlite":
        return
    pooled = engine.raw_connection()
    try:
        pooled.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        pooled.close()
