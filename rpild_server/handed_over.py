"""What a launch brings from a card: the reference in its link, and what that hook call was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ehr_access.registry import TrustedEhr
from rpild_server.attesting import whose
from rpild_server.hand_over import verify
from rpild_server.logs import report
from rpild_server.storage.errors import StorageError
from rpild_server.storage.tables import decision_records
from rpild_server.storing import Store
from smart_app.ports import HandOver


class StoredHandOvers:
    """References read with our keys, and what their calls were answered, from the decision records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, app_context: str, now: datetime) -> HandOver | None:
        """The call that a launch comes from; None where that is not certain."""
        found = verify(self._store().keyring, app_context, now)
        return HandOver(found.call, found.patient) if found else None

    def topics(self, ehr: TrustedEhr, patient: str, hook_instance: str) -> tuple[str, ...] | None:
        """The topics that the rules found for a patient (by id) at that call; None if that is not on record."""
        try:
            storage = self._store()
            wanted = {"patient": storage.keyring.pseudonym(whose(ehr), patient), "hook_instance": hook_instance}
            rows = decision_records.c
            query = select(rows.summary).where(*(rows[name] == value for name, value in wanted.items()))
            with storage.engine.connect() as connection:
                found = connection.execute(query.order_by(rows.created.desc()).limit(1)).scalar()
        except (StorageError, SQLAlchemyError) as problem:
            report("card-unread", code=type(problem).__name__)
            return None
        return _topics(orjson.loads(found)) if found else None


def _topics(summary: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({*summary.get("fired", ()), *summary.get("suppressed", ())}))
