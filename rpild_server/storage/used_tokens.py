"""Ids of tokens already used (jti), shared by all processes, so that a token is accepted once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.batch import insert_new
from rpild_server.storage.engines import for_one_statement, for_writing
from rpild_server.storage.errors import TokenMemoryFullError, memory_failure
from rpild_server.storage.memory import memory_transaction
from rpild_server.storage.tables import used_tokens

CAPACITY = 200_000  # rows; at 20 minutes a token that is 166 calls a second
SWEEP_SECONDS = 10
SWEEP_USES = 512


class UsedTokens:
    """A bounded store of token ids until their expiry."""

    def __init__(self, engine: Engine, capacity: int = CAPACITY) -> None:
        self._engine = for_writing(engine)
        self._at_once = for_one_statement(engine)
        self._capacity = capacity
        self._lock = Lock()
        self._next_sweep = 0.0
        self._uses = 0
        self._full = False

    def first_use(self, iss: str, jti: str, expires: datetime, now: datetime) -> bool:
        """Whether this token id of this issuer is new; asking makes it used.

        Raises TokenMemoryFullError and MemoryFailedError: a token that cannot be checked must not be accepted.
        """
        row = {"iss": iss, "jti": hashlib.sha256(jti.encode()).hexdigest(), "expires": int(expires.timestamp())}
        if self._is_due(now):
            self._sweep(now)
        if self._full:
            raise TokenMemoryFullError(f"{self._capacity} unexpired token ids are kept already.")
        try:
            with self._at_once.connect() as connection:
                return insert_new(connection, used_tokens, row, "iss", "jti")
        except SQLAlchemyError as problem:
            raise memory_failure(problem) from None

    def _is_due(self, now: datetime) -> bool:
        with self._lock:
            self._uses += 1
            due = self._uses >= SWEEP_USES or now.timestamp() >= self._next_sweep or self._full
            if due:
                self._uses, self._next_sweep = 0, now.timestamp() + SWEEP_SECONDS
        return due

    def _sweep(self, now: datetime) -> None:
        """Remove expired ids, then see whether there is room."""
        with memory_transaction(self._engine) as connection:
            connection.execute(delete(used_tokens).where(used_tokens.c.expires < int(now.timestamp())))
            kept = connection.execute(select(func.count()).select_from(used_tokens)).scalar_one()
        self._full = kept >= self._capacity
