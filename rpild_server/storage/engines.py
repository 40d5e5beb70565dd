"""Database engines: durable for records, fast for memory; made in the process that uses them, after any fork."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from rpild_server.storage.errors import (
    DriverMissingError,
    NotDurableError,
    SetupError,
    UnreachableError,
    UnwritableError,
    fault_name,
    remedy_for,
)
from rpild_server.storage.place import Place, postgres_url, sqlite_file
from rpild_server.storage.prepared import Prepared

RECORD_BUSY_SECONDS = 5.0  # how long a writer waits for another process before the batch fails
MEMORY_BUSY_SECONDS = 0.25  # a call's own time runs
APPEND_LOCK = 0x5250494C44  # "RPILD": the advisory lock that orders all writers of one PostgreSQL database
RETRY_SECONDS = 0.02
BEGIN = "sqlite_begin"
AT_ONCE = "BEGIN IMMEDIATE"
BEGINNINGS = {words: Prepared(text(words)) for words in ("BEGIN", AT_ONCE)}


def records_engine(place: Place, busy_seconds: float = RECORD_BUSY_SECONDS) -> Engine:
    """The engine of the tables RECORDS: a commit is on the disk when it returns."""
    return _engine(place, "records", "FULL", busy_seconds)


def memory_engine(place: Place, busy_seconds: float = MEMORY_BUSY_SECONDS) -> Engine:
    """The engine of the tables MEMORY: always consistent, but a power cut may take the last moments."""
    return _engine(place, "memory", "NORMAL", busy_seconds)


def for_writing(engine: Engine) -> Engine:
    """The same engine with transactions that take SQLite's write lock when they begin, not half-way."""
    is_one = BEGIN in engine.get_execution_options()
    return engine if is_one else engine.execution_options(**{BEGIN: AT_ONCE})


def for_one_statement(engine: Engine) -> Engine:
    """The same engine where one `Prepared` statement is a transaction of its own, begun and committed by the driver."""
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="AUTOCOMMIT")


def insert_or(dialect: str, into: Table) -> Any:
    """An INSERT that may say what to do about a row that is there, in the words of this kind of database."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # with all its drivers: not where SQLite is enough

        return postgresql.insert(into)
    return sqlite.insert(into)


def lock_appending(connection: Connection) -> None:
    """Until the end of this transaction nobody else appends; SQLite's write lock does it there."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPEND_LOCK})


def _engine(place: Place, name: str, durability: str, busy_seconds: float) -> Engine:
    return (
        _postgres(place, durability, busy_seconds)
        if place.is_postgres
        else _sqlite(place, name, durability, busy_seconds)
    )


def _sqlite(place: Place, name: str, durability: str, busy_seconds: float) -> Engine:
    path = sqlite_file(place, name)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        hide_parameters=True,  # an error's text must not hold what was to be stored
        connect_args={"isolation_level": None, "timeout": busy_seconds},  # None: the driver begins nothing by itself
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        _use_wal(raw, busy_seconds)
        raw.execute(f"PRAGMA synchronous={durability}")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA trusted_schema=OFF")
        raw.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        BEGINNINGS[connection.get_execution_options().get(BEGIN, "BEGIN")].rows(connection, {})

    _try(engine, UnwritableError(f"{path} cannot be used as a database."))
    return engine


def _use_wal(raw: sqlite3.Connection, seconds: float) -> None:
    """Write-ahead log; the switch itself does not wait for another process that does the same, so it is repeated."""
    give_up = time.monotonic() + seconds
    while not _switched(raw, time.monotonic() > give_up):
        time.sleep(RETRY_SECONDS)


def _switched(raw: sqlite3.Connection, last_try: bool) -> bool:
    try:
        mode = raw.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorname != "SQLITE_BUSY" or last_try:
            raise
        return False
    if mode != ("wal",):
        raise sqlite3.OperationalError("this file system allows no write-ahead log")
    return True


def _postgres(place: Place, durability: str, busy_seconds: float) -> Engine:
    commit = "on" if durability == "FULL" else "off"
    wait = f"{int(busy_seconds * 1000)}ms"
    options: dict[str, Any] = {
        "options": f"-c synchronous_commit={commit} -c lock_timeout={wait} -c timezone=UTC",
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "application_name": "rpild",
    }
    try:
        engine = create_engine(postgres_url(place), hide_parameters=True, pool_pre_ping=True, connect_args=options)
    except (ImportError, NoSuchModuleError):
        raise DriverMissingError("The address names PostgreSQL, but its driver is not installed.") from None
    _try(engine, UnreachableError("PostgreSQL cannot be reached."))
    _refuse_without_fsync(engine)
    return engine


def _refuse_without_fsync(engine: Engine) -> None:
    with engine.connect() as connection:
        if connection.execute(text("SHOW fsync")).scalar() != "on":
            engine.dispose()
            raise NotDurableError("PostgreSQL runs with fsync = off: a power cut loses or breaks the records.")


def _try(engine: Engine, refusal: SetupError) -> None:
    """One connection now, so that a wrong place is refused at start."""
    try:
        engine.connect().close()
    except SQLAlchemyError as problem:
        engine.dispose()
        fault = fault_name(problem)
        raise type(refusal)(f"{refusal.cause} ({fault})", remedy_for(fault)) from None
