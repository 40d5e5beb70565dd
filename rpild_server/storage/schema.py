"""Migrations at start, forward only, one process at a time; and the check that code and database agree."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.engines import for_writing, lock_appending, memory_engine, records_engine
from rpild_server.storage.errors import NewerSchemaError, OlderSchemaError, UnwritableError, fault_name, remedy_for
from rpild_server.storage.place import Place

FOLDER = Path(__file__).with_name("migrations")
LINES = {"records": records_engine, "memory": memory_engine}
MIGRATION_SECONDS = 60.0  # how long a process waits for another one that migrates


def migrate(place: Place) -> None:
    """Bring both groups of tables to the newest schema; of several processes one does it, the others wait."""
    for line, make in LINES.items():
        engine = make(place, MIGRATION_SECONDS)
        try:
            _upgrade(engine, line)
        except SQLAlchemyError as problem:
            fault = fault_name(problem)
            raise UnwritableError(f"The {line} tables cannot be migrated ({fault}).", remedy_for(fault)) from None
        finally:
            engine.dispose()


def _upgrade(engine: Engine, line: str) -> None:
    with for_writing(engine).begin() as connection:
        lock_appending(connection)
        config = _config(line, connection)
        if _stands_at(connection, line, config) != _head(config):
            command.upgrade(config, "head")


def check(engine: Engine, line: str) -> None:
    """Refuse a database that does not stand at this program's newest schema: OlderSchemaError, NewerSchemaError."""
    try:
        with engine.connect() as connection:
            config = _config(line, connection)
            found, wanted = _stands_at(connection, line, config), _head(config)
    except SQLAlchemyError as problem:
        fault = fault_name(problem)
        raise UnwritableError(f"The {line} tables cannot be read ({fault}).", remedy_for(fault)) from None
    if found != wanted:
        raise OlderSchemaError(f"The {line} tables stand at {found or 'nothing'}, this version needs {wanted}.")


def _stands_at(connection: Connection, line: str, config: Config) -> str | None:
    options = {"version_table": f"{line}_version"}
    found = MigrationContext.configure(connection, opts=options).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise NewerSchemaError(f"The {line} tables stand at {found}, which this version does not know.")
    return found


def _head(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()


def _config(line: str, connection: Connection) -> Config:
    config = Config(attributes={"connection": connection, "line": line})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(FOLDER / line).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
