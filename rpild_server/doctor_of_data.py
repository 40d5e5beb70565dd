"""The data as they are stored: whether the head of the audit log is ours, and every record can still be opened."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from rpild_server.counted import counted
from rpild_server.diagnosis import Row, ok
from rpild_server.storage.audit import read_head
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import attestations, audit_log, decision_records, feedback

# The tables with sealed content, the column that holds it, the word for a row.
SEALED = {
    "record": decision_records.c.payload,
    "attestation": attestations.c.content,
    "comment": feedback.c.comment,
}


def look_at_data(storage: Storage) -> Iterator[Row]:
    """Raises ChainBrokenError for a head that is gone or not ours."""
    with storage.engine.connect() as connection:
        read_head(connection, storage.keyring)
        rows = connection.scalar(select(func.count()).select_from(audit_log)) or 0
    yield ok("audit log", f"{counted(rows, 'entry', 'entries')}; `rpild audit verify` checks their chain")
    yield from _lost_keys(storage)


def _lost_keys(storage: Storage) -> Iterator[Row]:
    source = storage.keyring.source
    for (key_id, what), number in _sealed(storage).items():
        if key_id not in storage.keyring.marks:
            text = f"{counted(number, what)} cannot be read: {source} lacks keys.{key_id}, which sealed them"
            remedy = "Put that key back from a backup of the secrets file; after a rotation the old keys stay there."
            yield Row("fault", "secrets", text, remedy)


def _sealed(storage: Storage) -> dict[tuple[str, str], int]:
    """How many contents each key has sealed that were not removed since."""
    found: dict[tuple[str, str], int] = {}
    with storage.engine.connect() as connection:
        for what, content in SEALED.items():
            key_id = content.table.c.key_id
            query = select(key_id, func.count()).where(content.is_not(None)).group_by(key_id).order_by(key_id)
            found |= {(key, what): number for key, number in connection.execute(query)}
    return found
