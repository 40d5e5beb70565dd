"""One transaction of the record store: rows collected by table, audit rows chained, all written together at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, literal_column

from rpild_server.storage.audit import Chain, Event
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.engines import for_writing, insert_or, lock_appending
from rpild_server.storage.prepared import Prepared
from rpild_server.storage.tables import RECORDS

Row = dict[str, Any]
ORDER = RECORDS.sorted_tables  # parents before children


class Batch:
    """What one transaction will write. Nothing that is added is there before the transaction ends well."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self.connection = connection
        self.keyring = keyring
        self._chain = Chain(connection, keyring)
        self._rows: dict[Table, list[Row]] = {}

    def add(self, table: Table, row: Row) -> None:
        """A row for the end of the transaction."""
        self._rows.setdefault(table, []).append(row)

    def audit(self, event: Event) -> None:
        """An event for the audit log."""
        self._chain.append(event)

    def flush(self) -> None:
        """Write what was collected."""
        for table in ORDER:
            if rows := self._rows.get(table):
                _insert(table).write(self.connection, rows)
        self._chain.flush()


Job = Callable[[Batch], object]
"""Something to do inside a transaction. It may run twice, so it changes nothing but the batch."""


@contextmanager
def batch(engine: Engine, keyring: Keyring) -> Iterator[Batch]:
    """A transaction that holds the append lock from its beginning."""
    with for_writing(engine).begin() as connection:
        lock_appending(connection)
        collected = Batch(connection, keyring)
        yield collected
        collected.flush()


def insert_new(connection: Connection, table: Table, row: Row, *unique: str) -> bool:
    """Insert unless a row with the same unique columns is there; whether it was new."""
    # RETURNING tells it; the row count of an INSERT is not to be relied on with every driver.
    return bool(_insert_new(connection.dialect.name, table, unique).rows(connection, row))


@cache
def _insert(table: Table) -> Prepared:
    return Prepared(insert(table))


@cache
def _insert_new(dialect: str, table: Table, unique: tuple[str, ...]) -> Prepared:
    return Prepared(
        insert_or(dialect, table).on_conflict_do_nothing(index_elements=unique).returning(literal_column("1"))
    )
