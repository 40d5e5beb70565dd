"""The whole storage of one process, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, Table, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.attestations import AttestationStore
from rpild_server.storage.audit import Event
from rpild_server.storage.crypt import Keyring, Secrets
from rpild_server.storage.engines import memory_engine, records_engine
from rpild_server.storage.errors import SetupError, StorageError, record_failure
from rpild_server.storage.feedback import FeedbackStore
from rpild_server.storage.launches import LaunchRows
from rpild_server.storage.memory import AlertMemory
from rpild_server.storage.place import Place
from rpild_server.storage.records import WAIT_SECONDS, RecordStore
from rpild_server.storage.schema import check
from rpild_server.storage.secrets_match import refuse_other_secrets
from rpild_server.storage.switches import SwitchBoard
from rpild_server.storage.tables import audit_head, used_tokens
from rpild_server.storage.used_tokens import UsedTokens
from rpild_server.storage.views import ViewStore
from rpild_server.storage.writer import GroupWriter


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything one process stores through."""

    keyring: Keyring
    engine: Engine
    memory_engine: Engine
    writer: GroupWriter
    records: RecordStore
    feedback: FeedbackStore
    attestations: AttestationStore
    alerts: AlertMemory
    views: ViewStore
    tokens: UsedTokens
    launches: LaunchRows
    switches: SwitchBoard

    def audit(self, event: Event, wait: bool = False) -> None:
        """Append an event to the audit log; with `wait` it is on the disk after. Raises RecordStoreError."""
        if wait:
            self.writer.run(lambda batch: batch.audit(event), WAIT_SECONDS)
        else:
            self.writer.submit(lambda batch: batch.audit(event), urgent=False)

    def trouble(self, now: datetime) -> StorageError | None:
        """Why calls cannot be recorded now; None when all is well. After a failure it tries to write again."""
        failed = self.writer.trouble
        try:
            _read_one(self.engine, audit_head)
            _read_one(self.memory_engine, used_tokens)
            if failed:
                self.audit(Event(now, "recovered", "system", {"from": failed.code}), wait=True)
        except SQLAlchemyError as problem:
            return record_failure(problem)
        except StorageError as problem:
            return problem
        return None

    def close(self, seconds: float = 9.0) -> bool:
        """Write what waits, then let go of the database; whether all was written in time."""
        written = self.writer.close(seconds)
        for engine in (self.engine, self.memory_engine):
            engine.dispose()
        return written


def _read_one(engine: Engine, table: Table) -> None:
    with engine.connect() as connection:
        connection.execute(select(table).limit(1))


def open_storage(place: Place, secrets: Secrets) -> Storage:
    """The storage for this process, after any fork; the schema must be migrated. Raises SetupError."""
    keyring = Keyring(secrets)
    engine, memory = records_engine(place), memory_engine(place)
    try:
        check(engine, "records")
        check(memory, "memory")
        refuse_other_secrets(engine, keyring)
    except SetupError:
        engine.dispose()
        memory.dispose()
        raise
    writer = GroupWriter(engine, keyring)
    return Storage(
        keyring=keyring,
        engine=engine,
        memory_engine=memory,
        writer=writer,
        records=RecordStore(engine, keyring, writer),
        feedback=FeedbackStore(engine, keyring, writer),
        attestations=AttestationStore(engine, keyring, writer),
        alerts=AlertMemory(memory),
        views=ViewStore(memory, keyring),
        tokens=UsedTokens(memory),
        launches=LaunchRows(memory, keyring),
        switches=SwitchBoard(engine),
    )
