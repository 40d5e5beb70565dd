"""Stored decisions with their content unsealed: one by its id, or all of a span of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Engine, select
from sqlalchemy.engine import RowMapping

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import UnknownRecordError, UnreadableRecordError
from rpild_server.storage.records import CallKey, place
from rpild_server.storage.tables import decision_records
from rpild_server.storage.times import read_stamp, stamp

PAGE = 200


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was recorded. `payload` (JSON bytes) and `response` are None once retention removed them."""

    id: str
    call: CallKey
    patient: str
    clinician: str
    unit: str
    gate: str
    knowledge_version: str
    knowledge_sha256: str
    app_version: str
    created: datetime
    payload: bytes | None = field(repr=False)
    response: bytes | None = field(repr=False)
    timings: dict[str, float]


def load(engine: Engine, keyring: Keyring, id: str) -> StoredDecision:
    """The decision of this id with its content; raises UnknownRecordError, UnreadableRecordError."""
    with engine.connect() as connection:
        row = connection.execute(select(decision_records).where(decision_records.c.id == id)).mappings().first()
    if row is None:
        raise UnknownRecordError("No decision record has the id asked for.")
    if row["erased"]:
        raise UnreadableRecordError(
            f"The content of record {row['id']} was removed on {row['erased'][:10]}.",
            "It cannot be replayed; keep contents longer by the retention setting.",
        )
    return _opened(row, keyring)


def stream(engine: Engine, keyring: Keyring, since: datetime, until: datetime) -> Iterator[StoredDecision]:
    """The decisions created in [since, until), oldest first, read page by page; those without content included."""
    created, ids = decision_records.c.created, decision_records.c.id
    span = select(decision_records).where(created >= stamp(since), created < stamp(until)).order_by(created, ids)
    query = span.limit(PAGE)
    while page := _page(engine, query):
        for row in page:
            yield _opened(row, keyring)
        last, last_id = page[-1]["created"], page[-1]["id"]
        query = span.where((created > last) | ((created == last) & (ids > last_id))).limit(PAGE)


def _page(engine: Engine, query: Any) -> list[RowMapping]:
    with engine.connect() as connection:
        return list(connection.execute(query).mappings())


def _opened(row: RowMapping, keyring: Keyring) -> StoredDecision:
    same = ("id", "patient", "clinician", "unit", "gate", "knowledge_version", "knowledge_sha256", "app_version")
    return StoredDecision(
        **{name: row[name] for name in same},
        call=CallKey(row["iss"], row["service"], row["hook_instance"], row["body_sha256"]),
        created=read_stamp(row["created"]),
        payload=_content(row, "payload", keyring),
        response=_content(row, "response", keyring),
        timings=orjson.loads(row["timings"]),
    )


def _content(row: RowMapping, column: str, keyring: Keyring) -> bytes | None:
    sealed = row[column]
    return None if sealed is None else keyring.unseal(row["key_id"], sealed, place(row["id"], column))
