"""What a launch brings from a card: the reference in its link, and the chart on which that hook call was answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ehr_access.registry import TrustedEhr
from rpild_server.attesting import whose
from rpild_server.hand_over import verify
from rpild_server.logs import report
from rpild_server.payload import unpack
from rpild_server.storage.errors import StorageError
from rpild_server.storage.replay import load
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import decision_records
from rpild_server.storing import Store
from rpild_server.version import APP_VERSION
from smart_app.ports import CardCall, HandOver


class StoredHandOvers:
    """References read with our keys, and the charts of their calls, from the decision records."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, app_context: str, now: datetime) -> HandOver | None:
        """The call that a launch comes from; None where that is not certain."""
        found = verify(self._store().keyring, app_context, now)
        return HandOver(found.call, found.patient) if found else None

    def call(self, ehr: TrustedEhr, patient: str, hook_instance: str) -> CardCall | None:
        """The chart of a patient (by id) at that call; None if it is not on record, or not as this version keeps it."""
        try:
            storage = self._store()
            wanted = {"patient": storage.keyring.pseudonym(whose(ehr), patient), "hook_instance": hook_instance}
            return _call(storage, wanted)
        except (StorageError, SQLAlchemyError) as problem:
            report("card-unread", code=type(problem).__name__)
            return None


def _call(storage: Storage, wanted: dict[str, str]) -> CardCall | None:
    rows = decision_records.c
    query = select(rows.id).where(*(rows[name] == value for name, value in wanted.items()))
    with storage.engine.connect() as connection:
        id = connection.execute(query.order_by(rows.created.desc()).limit(1)).scalar()
    decision = load(storage.engine, storage.keyring, id) if id else None
    if decision is None or decision.payload is None or decision.app_version != APP_VERSION:
        return None
    inputs = unpack(decision.payload).inputs
    return CardCall(inputs.facts, inputs.now)
