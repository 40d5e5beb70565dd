"""The kill switch and silent mode: set by command, audited, and seen by every process within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock
from typing import Literal

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch
from rpild_server.storage.errors import StorageError, record_failure
from rpild_server.storage.tables import switches
from rpild_server.storage.times import stamp

READ_EVERY_SECONDS = 5.0
State = Literal["on", "silent", "off"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a switch acts on; an empty field means all."""

    ehr: str = ""
    hook: str = ""
    topic: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is set for a scope: `off` (no card, audited) or `silent` (evaluated and recorded, nothing shown)."""

    scope: Scope
    state: State


def set_switch(batch: Batch, switch: Switch, who: str, now: datetime) -> None:
    """Set a switch, or with `on` remove what was set for exactly this scope; audited in the same transaction."""
    scope = asdict(switch.scope)
    batch.connection.execute(delete(switches).where(*(switches.c[name] == value for name, value in scope.items())))
    if switch.state != "on":
        row = scope | {"state": switch.state, "who": who, "changed": stamp(now)}
        batch.connection.execute(insert(switches), row)
    batch.audit(Event(now, "switch", who, scope | {"state": switch.state}))


def state_of(found: Sequence[Switch], call: Scope) -> State:
    """What holds for a call (or for one topic of it): `off` before `silent` before `on`."""
    states = {each.state for each in found if _covers(each.scope, call)}
    return "off" if "off" in states else "silent" if "silent" in states else "on"


def _covers(scope: Scope, call: Scope) -> bool:
    wanted, given = asdict(scope), asdict(call)
    return all(value in ("", given[name]) for name, value in wanted.items())


class SwitchBoard:
    """The switches as one process sees them; one snapshot serves a whole call."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = Lock()
        self._read_at: float | None = None
        self._switches: tuple[Switch, ...] = ()

    def current(self) -> tuple[Switch, ...]:
        """All switches, read at most every 5 s. A store that fails later leaves the last ones; at first it raises."""
        with self._lock:
            if self._read_at is None or self._clock() - self._read_at >= READ_EVERY_SECONDS:
                self._read()
            return self._switches

    def _read(self) -> None:
        try:
            self._switches = self.read()
        except StorageError:
            if self._read_at is None:
                raise
            return
        self._read_at = self._clock()

    def read(self) -> tuple[Switch, ...]:
        """All switches as they stand now. Raises RecordStoreError."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(select(switches).order_by(*switches.primary_key)).all()
        except SQLAlchemyError as problem:
            raise record_failure(problem) from None
        return tuple(Switch(Scope(row.ehr, row.hook, row.topic, row.unit), row.state) for row in rows)
