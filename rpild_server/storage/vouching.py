"""Whether the decision records are those that the audit log vouches for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

import orjson
from sqlalchemy import Engine, func, select

from rpild_server.storage.audit import entries
from rpild_server.storage.batch import Row
from rpild_server.storage.records import record_digest
from rpild_server.storage.tables import decision_records

PAGE = 500


def verify_records(engine: Engine) -> tuple[int, str]:
    """The number of good records, and the first fault (empty if none), which names the record."""
    vouched = ((row["record"], row["digest"]) for row in _decisions(engine))
    good = 0
    while page := dict(islice(vouched, PAGE)):
        fault = next(_faults(engine, page), "")
        if fault:
            return good, fault
        good += len(page)
    with engine.connect() as connection:
        there = connection.execute(select(func.count()).select_from(decision_records)).scalar_one()
    return good, f"{there - good} records are there that the audit log does not know" if there > good else ""


def _decisions(engine: Engine) -> Iterator[dict[str, str]]:
    return (orjson.loads(entry.what) for entry in entries(engine) if entry.kind == "decision")


def _faults(engine: Engine, page: dict[str, str]) -> Iterator[str]:
    """What is wrong with the records of these ids, in the order of the log."""
    with engine.connect() as connection:
        query = select(decision_records).where(decision_records.c.id.in_(page))
        rows = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    return filter(None, (_fault(id, digest, rows.get(id)) for id, digest in page.items()))


def _fault(id: str, digest: str, row: Row | None) -> str:
    if row is None:
        return f"record {id} is missing"
    if record_digest(row) != digest:
        return f"record {id} was changed"
    whole = all(row[name] is None or _sha256(row[name]) == row[f"{name}_sha256"] for name in ("payload", "response"))
    return "" if whole else f"the content of record {id} was changed"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
