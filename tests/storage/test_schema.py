"""Migrations: they make what the tables declare, run once whoever starts, and never run backwards."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, column, inspect, table, text, update

from rpild_server.storage import schema
from rpild_server.storage.engines import memory_engine, records_engine
from rpild_server.storage.errors import NewerSchemaError, OlderSchemaError, UnwritableError
from rpild_server.storage.place import Place
from rpild_server.storage.store import open_storage
from rpild_server.storage.tables import MEMORY, RECORDS
from tests.conftest import ROOT
from tests.storage.making import SECRETS

MIGRATING = (
    "import sys; from pathlib import Path\n"
    "from rpild_server.storage.place import Place; from rpild_server.storage.schema import migrate\n"
    "sys.stdin.readline()\n"
    "migrate(Place(folder=Path(sys.argv[1])) if sys.argv[1].startswith('/') else Place(url=sys.argv[1]))\n"
)


def differences(engine: Engine, declared: MetaData, line: str) -> list[object]:
    """What the database has otherwise than declared; tables of the other group do not count."""

    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name in declared.tables

    with engine.connect() as connection:
        options = {"version_table": f"{line}_version", "include_object": ours}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), declared))


def test_migrations_make_what_the_tables_declare(place: Place) -> None:
    schema.migrate(place)
    for make, declared, line in ((records_engine, RECORDS, "records"), (memory_engine, MEMORY, "memory")):
        engine = make(place)
        assert differences(engine, declared, line) == []
        assert set(declared.tables) <= set(inspect(engine).get_table_names())
        engine.dispose()


def test_migrating_again_changes_nothing(place: Place) -> None:
    schema.migrate(place)
    storage = open_storage(place, SECRETS)
    schema.migrate(place)
    assert storage.close()
    open_storage(place, SECRETS).close()


def test_a_place_that_was_not_migrated_is_refused(place: Place) -> None:
    with pytest.raises(OlderSchemaError, match="stand at nothing, this version needs r0004"):
        open_storage(place, SECRETS)


@pytest.mark.parametrize("line", ["records", "memory"])
def test_a_newer_schema_is_refused(place: Place, line: str) -> None:
    schema.migrate(place)
    engine = schema.LINES[line](place)
    with engine.begin() as connection:
        connection.execute(update(table(f"{line}_version", column("version_num"))).values(version_num="r9999"))
    engine.dispose()
    with pytest.raises(NewerSchemaError, match="r9999"):
        open_storage(place, SECRETS)
    with pytest.raises(NewerSchemaError, match="forward only"):
        schema.migrate(place)


def test_an_older_schema_is_refused_until_it_is_migrated(files: Place) -> None:
    """The first migration is taken back by hand, as a database of the version before it would look."""
    schema.migrate(files)
    engine = records_engine(files)
    with engine.begin() as connection:
        RECORDS.drop_all(connection)
        connection.execute(text("DELETE FROM records_version"))
    engine.dispose()
    with pytest.raises(OlderSchemaError, match="migrates at start"):
        open_storage(files, SECRETS)
    schema.migrate(files)
    assert open_storage(files, SECRETS).close()


@pytest.mark.verifies("S3")
@pytest.mark.parametrize("line", ["records", "memory"])
def test_going_back_is_refused(files: Place, line: str) -> None:
    schema.migrate(files)
    engine = schema.LINES[line](files)
    with engine.begin() as connection, pytest.raises(RuntimeError, match="forward only"):
        command.downgrade(schema._config(line, connection), "base")
    engine.dispose()


@pytest.mark.parametrize("line", ["records", "memory"])
def test_every_line_of_migrations_has_one_end(files: Place, line: str) -> None:
    engine = schema.LINES[line](files)
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(schema._config(line, connection))
    engine.dispose()
    assert script.get_heads() == schema.revisions(line)[-1:]
    assert [each.revision for each in script.walk_revisions()] == schema.revisions(line)[::-1]


def test_a_migration_that_fails_leaves_nothing_behind(files: Place) -> None:
    """A table that is in the way lets the first migration fail half-way."""
    engine = records_engine(files)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE audit_head (id INTEGER)"))
    with pytest.raises(UnwritableError, match="records tables cannot be migrated"):
        schema.migrate(files)
    assert set(inspect(engine).get_table_names()) == {"audit_head"}
    engine.dispose()


@pytest.mark.slow
@pytest.mark.verifies("S3")
def test_four_processes_that_migrate_together(place: Place) -> None:
    words = [sys.executable, "-c", MIGRATING, str(place.folder) if place.folder else place.url]
    started = [
        subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(4)
    ]
    with ThreadPoolExecutor(len(started)) as threads:
        said = list(threads.map(lambda each: each.communicate(b"go\n", timeout=90)[0].decode(), started))
    assert [(each.returncode, text) for each, text in zip(started, said, strict=True)] == [(0, "")] * 4
    assert open_storage(place, SECRETS).close()
