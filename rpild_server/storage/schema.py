"""Migrations at start, forward only, one process at a time; and the check that code and database agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.engines import for_writing, lock_appending, memory_engine, records_engine
from rpild_server.storage.errors import NewerSchemaError, OlderSchemaError, UnwritableError, fault_name, remedy_for
from rpild_server.storage.place import Place

if TYPE_CHECKING:
    from alembic.config import Config

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
        if _stands_at(connection, line) != revisions(line)[-1]:
            from alembic import command  # takes as long to load as a tenth of the program; seldom needed

            command.upgrade(_config(line, connection), "head")


def check(engine: Engine, line: str) -> None:
    """Refuse a database that does not stand at this program's newest schema: OlderSchemaError, NewerSchemaError."""
    try:
        with engine.connect() as connection:
            found, wanted = _stands_at(connection, line), revisions(line)[-1]
    except SQLAlchemyError as problem:
        fault = fault_name(problem)
        raise UnwritableError(f"The {line} tables cannot be read ({fault}).", remedy_for(fault)) from None
    if found != wanted:
        raise OlderSchemaError(f"The {line} tables stand at {found or 'nothing'}, this version needs {wanted}.")


def revisions(line: str) -> list[str]:
    """The migrations of a line, oldest first: the first word of their files' names."""
    return sorted(path.name.partition("_")[0] for path in (FOLDER / line).glob(f"{line[0]}[0-9]*.py"))


def _stands_at(connection: Connection, line: str) -> str | None:
    name = f"{line}_version"
    if not inspect(connection).has_table(name):
        return None
    found: str | None = connection.execute(select(column("version_num")).select_from(table(name))).scalar()
    if found is not None and found not in revisions(line):
        raise NewerSchemaError(f"The {line} tables stand at {found}, which this version does not know.")
    return found


def _config(line: str, connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "line": line})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(FOLDER / line).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
