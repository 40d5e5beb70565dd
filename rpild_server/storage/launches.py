"""SMART launches at rest: contents and tokens sealed, ids only as digests, tokens renewed by one process at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import TooManyLaunchesError, UnreadableRecordError, memory_failure
from rpild_server.storage.memory import memory_transaction
from rpild_server.storage.tables import launches, pending_launches

CAPACITY = 20_000
COUNT_EVERY = 50  # launches of a process


@dataclass(frozen=True, slots=True)
class LaunchRow:
    """One open launch. `content` and `tokens` are bytes of the app's own; times are seconds since 1970."""

    browser: str
    content: bytes = field(repr=False)
    tokens: bytes = field(repr=False)
    version: int
    created: int
    last_used: int


def digest(text: str) -> str:
    """What stands for a secret id in the database."""
    return hashlib.sha256(text.encode()).hexdigest()


class LaunchRows:
    """Launches by state and by id; both, and the browser's handle, are kept as digests. Raises MemoryFailedError."""

    def __init__(self, engine: Engine, keyring: Keyring, capacity: int = CAPACITY) -> None:
        self._engine = engine
        self._keyring = keyring
        self._capacity = capacity
        self._counting = count()

    def begin(self, state: str, browser: str, content: bytes, expires: int) -> None:
        """Keep a launch that is under way; raises TooManyLaunchesError."""
        key = digest(state)
        row = {
            "state": key,
            "browser": digest(browser),
            "key_id": self._keyring.current,
            "content": self._keyring.seal(content, f"pending_launches/{key}"),
            "expires": expires,
        }
        with memory_transaction(self._engine) as connection:
            full = next(self._counting) % COUNT_EVERY == 0 and self._is_full(connection)
            if not full:
                connection.execute(insert(pending_launches), row)
        if full:
            self._counting = count()  # the next one looks again
            raise TooManyLaunchesError(f"{self._capacity} launches are under way.")

    def _is_full(self, connection: Connection) -> bool:
        return connection.execute(select(func.count()).select_from(pending_launches)).scalar_one() >= self._capacity

    def take(self, state: str, now: int) -> tuple[str, bytes] | None:
        """Browser (a digest) and content of a launch under way, once: it is gone after. None if there is none."""
        key = digest(state)
        with memory_transaction(self._engine) as connection:
            found = _pop(connection, key)
        if found is None or found["expires"] <= now:
            return None
        return found["browser"], self._open(found["key_id"], found["content"], f"pending_launches/{key}")

    def add(self, id: str, browser: str, patient: str, content: bytes, tokens: bytes, now: int) -> None:
        """Keep a launch that has come to its end; `patient` is a pseudonym."""
        key, current = digest(id), self._keyring.current
        row = {
            "id": key,
            "browser": browser,
            "patient": patient,
            "key_id": current,
            "content": self._keyring.seal(content, f"launches/{key}/content"),
            "tokens_key_id": current,
            "tokens": self._keyring.seal(tokens, f"launches/{key}/tokens"),
            "version": 0,
            "lease": 0,
            "created": now,
            "last_used": now,
        }
        with memory_transaction(self._engine) as connection:
            connection.execute(insert(launches), row)

    def find(self, id: str) -> LaunchRow | None:
        """An open launch; None if there is none, or none that can be read any more."""
        key = digest(id)
        try:
            with self._engine.connect() as connection:
                row = connection.execute(select(launches).where(launches.c.id == key)).mappings().first()
        except SQLAlchemyError as problem:
            raise memory_failure(problem) from None
        if row is None:
            return None
        content = self._open(row["key_id"], row["content"], f"launches/{key}/content")
        tokens = self._open(row["tokens_key_id"], row["tokens"], f"launches/{key}/tokens")
        if not content or not tokens:
            return None
        return LaunchRow(row["browser"], content, tokens, row["version"], row["created"], row["last_used"])

    def touch(self, id: str, now: int) -> None:
        """Note that it is in use."""
        self._change(launches.c.id == digest(id), last_used=now)

    def lease(self, id: str, version: int, now: int, until: int) -> bool:
        """Whether this caller alone may renew the tokens of this version, until then."""
        free = (launches.c.version == version) & (launches.c.lease <= now)
        return self._change((launches.c.id == digest(id)) & free, lease=until)

    def release(self, id: str, version: int) -> None:
        """Let another one renew."""
        self._change((launches.c.id == digest(id)) & (launches.c.version == version), lease=0)

    def renew(self, id: str, version: int, tokens: bytes) -> bool:
        """Put new tokens in place of those of a version; whether they were still there."""
        key = digest(id)
        fresh = {"tokens_key_id": self._keyring.current, "version": version + 1, "lease": 0}
        fresh["tokens"] = self._keyring.seal(tokens, f"launches/{key}/tokens")
        return self._change((launches.c.id == key) & (launches.c.version == version), **fresh)

    def remove(self, id: str) -> bool:
        """End a launch; whether there was one."""
        with memory_transaction(self._engine) as connection:
            return connection.execute(delete(launches).where(launches.c.id == digest(id))).rowcount == 1

    def purge(self, now: int, unused_since: int, created_before: int) -> int:
        """Remove what has expired; the number of open launches among it."""
        old = (launches.c.last_used < unused_since) | (launches.c.created < created_before)
        with memory_transaction(self._engine) as connection:
            connection.execute(delete(pending_launches).where(pending_launches.c.expires <= now))
            return connection.execute(delete(launches).where(old)).rowcount

    def _change(self, which: ColumnElement[bool], **values: Any) -> bool:
        with memory_transaction(self._engine) as connection:
            return connection.execute(update(launches).where(which).values(values)).rowcount == 1

    def _open(self, key_id: str, sealed: bytes, about: str) -> bytes:
        """The content; empty if its key is gone or it was changed: such a launch has to begin anew."""
        try:
            return self._keyring.unseal(key_id, sealed, about)
        except UnreadableRecordError:
            return b""


def _pop(connection: Connection, key: str) -> Any:
    """The row of a state, deleted by the same statement, so that of several callers one gets it."""
    gone = delete(pending_launches).where(pending_launches.c.state == key)
    return connection.execute(gone.returning(*pending_launches.c)).mappings().first()
