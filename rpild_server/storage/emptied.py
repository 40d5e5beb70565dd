"""Whether retention or erasure alone removed content: each leaves an event with its time and the number of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Engine, Table, select

from rpild_server.storage.rows_read import events_of, rows_of

REMOVING = ("retention", "erasure")
NAMED = 3  # ids in one fault


def emptied_faults(engine: Engine, table: Table, counted: str) -> Iterator[str]:
    """Rows of a table that are marked as emptied at a time of which the log counts another number."""
    known: Counter[str] = Counter()
    for event in events_of(engine, *REMOVING):
        known[event["time"]] += event["what"].get(counted, 0)
    emptied: dict[str, list[str]] = {}
    for row in rows_of(engine, select(table.c.id, table.c.erased).where(table.c.erased.is_not(None))):
        emptied.setdefault(row["erased"], []).append(row["id"])
    for time in sorted(map(str, {*+known, *emptied})):
        ids = sorted(emptied.get(time, ()))
        if len(ids) != known[time]:
            yield f"{_named(table, ids)}: {len(ids)} emptied at {time}, the audit log knows of {known[time]}"


def _named(table: Table, ids: list[str]) -> str:
    more = ", ..." if len(ids) > NAMED else ""
    return f"{table.name} {', '.join(ids[:NAMED])}{more}".strip()
