"""Rows of a table that somebody may have tampered with: one that cannot be read is told, the others are given."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, Engine, Select, Table, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.batch import Row
from rpild_server.storage.tables import audit_log

UNREADABLE = (SQLAlchemyError, TypeError, ValueError, KeyError, AttributeError)  # what a value of a wrong type leads to


def rows_of(engine: Engine, query: Select[Any]) -> list[Row]:
    """All rows of a query; raises one of UNREADABLE."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def rows_by(engine: Engine, key: Column[str], ids: Collection[str]) -> Iterator[Row]:
    """The rows of these ids; those that cannot be read are left out."""
    query = select(key.table).where(key.in_(ids))
    try:
        yield from rows_of(engine, query)
        return
    except UNREADABLE:
        pass
    for id in ids:
        try:
            yield from rows_of(engine, select(key.table).where(key == id))
        except UNREADABLE:
            continue


def ids_of(engine: Engine, table: Table, *which: Any) -> set[str]:
    """The ids of the rows that a table holds."""
    key = next(iter(table.primary_key))
    with engine.connect() as connection:
        return set(connection.execute(select(key).where(*which)).scalars())


def events_of(engine: Engine, *kinds: str) -> Sequence[Row]:
    """The entries of the audit log of these kinds, in order, with `what` read; the log itself was verified before."""
    found = rows_of(engine, select(audit_log).where(audit_log.c.kind.in_(kinds)).order_by(audit_log.c.seq))
    return [each | {"what": orjson.loads(each["what"])} for each in found]
