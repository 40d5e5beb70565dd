"""The last view of each user on each patient: what the page compares today's answers with; sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, select

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.engines import insert_or
from rpild_server.storage.errors import UnreadableRecordError
from rpild_server.storage.memory import memory_transaction
from rpild_server.storage.tables import last_views
from rpild_server.storage.times import stamp

KEY = ("patient", "clinician")


@dataclass(frozen=True, slots=True)
class View:
    """One view: two pseudonyms, the launch it was shown in (any text that tells launches apart), its content."""

    patient: str
    clinician: str
    launch: str = field(repr=False)
    content: bytes = field(repr=False)


class ViewStore:
    """Keeps two views of each pair: the one to compare with, and the newest. Raises MemoryFailedError."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self._engine = engine
        self._keyring = keyring

    def note(self, view: View, now: datetime) -> bytes | None:
        """Keep a view; back with the one to compare it with, None for the very first.

        That is the last view of an earlier launch. Within a launch it stays the same, so that a reload loses nothing;
        in the first launch of all it is the first view.
        """
        launch = hashlib.sha256(view.launch.encode()).hexdigest()
        with memory_transaction(self._engine) as connection:
            found = _find(connection, view)
            before = self._before(found, launch)
            row: dict[str, Any] = {name: getattr(view, name) for name in KEY}
            row |= {"launch": launch, "changed": stamp(now)}
            row |= {"key_id": self._keyring.current, "latest": self._seal(view, view.content, "latest")}
            row["before"] = self._seal(view, before, "before") if before is not None else None
            _put(connection, row)
        return before

    def purge(self, before: datetime) -> int:
        """Remove what was not looked at since; the number of rows."""
        with memory_transaction(self._engine) as connection:
            return connection.execute(delete(last_views).where(last_views.c.changed < stamp(before))).rowcount

    def _before(self, found: Any, launch: str) -> bytes | None:
        if found is None:
            return None
        same = found["launch"] == launch and found["before"] is not None
        return self._open(found, "before" if same else "latest")

    def _seal(self, view: View, content: bytes, column: str) -> bytes:
        return self._keyring.seal(content, _place(view.patient, view.clinician, column))

    def _open(self, row: Any, column: str) -> bytes | None:
        """The content; None if its key is gone or it was changed: then there is nothing to compare with."""
        try:
            return self._keyring.unseal(row["key_id"], row[column], _place(row["patient"], row["clinician"], column))
        except UnreadableRecordError:
            return None


def _place(patient: str, clinician: str, column: str) -> str:
    return f"last_views/{patient}/{clinician}/{column}"


def _find(connection: Connection, view: View) -> Any:
    mine = (last_views.c.patient == view.patient) & (last_views.c.clinician == view.clinician)
    return connection.execute(select(last_views).where(mine)).mappings().first()


def _put(connection: Connection, row: dict[str, Any]) -> None:
    fresh = {name: value for name, value in row.items() if name not in KEY}
    statement = insert_or(connection.dialect.name, last_views).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=KEY, set_=fresh))
