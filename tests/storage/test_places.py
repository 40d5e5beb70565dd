"""A place that cannot keep records is refused at start, with a code and a remedy, and without repeating a password."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from rpild_server.storage import place as places
from rpild_server.storage.engines import memory_engine, records_engine
from rpild_server.storage.errors import (
    BadUrlError,
    NetworkDiskError,
    NotDurableError,
    SetupError,
    SeveralHostsError,
    UnreachableError,
    UnwritableError,
)
from rpild_server.storage.place import Place, disk_kind
from rpild_server.storage.schema import migrate
from tests.conftest import ROOT, free_port
from tests.storage.cluster import command

NOBODY = 65534


@contextmanager
def folder_of_another() -> Iterator[Path]:
    """A folder with a storage in it that this process may read but not write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        migrate(Place(folder=folder))
        for path in (folder, *folder.iterdir()):
            path.chmod(0o555 if path.is_dir() else 0o444)
        Path(name).chmod(0o755)
        with as_nobody():
            yield folder
        folder.chmod(0o755)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere, so root becomes another user for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [
        (Place(), BadUrlError, "Neither a folder nor a database address"),
        (Place(url="not an address"), BadUrlError, "cannot be read"),
        (Place(url="postgresql://u:secret@h:port/d"), BadUrlError, "cannot be read"),
        (Place(url="mysql://u:secret@h/d"), BadUrlError, "'mysql'"),
        (Place(url="sqlite:///secret.db"), BadUrlError, "'sqlite'"),
        (Place(url="postgresql://u:secret@h"), BadUrlError, "names no database"),
        (Place(folder=Path("data"), hosts=2), SeveralHostsError, "2 hosts"),
    ],
)
def test_a_wrong_place_is_refused(place: Place, error: type[SetupError], said: str) -> None:
    with pytest.raises(error) as caught:
        records_engine(place)
    assert said in caught.value.cause
    assert "secret" not in str(caught.value)
    assert caught.value.code in str(caught.value)
    assert caught.value.remedy in str(caught.value)


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with folder_of_another() as folder, pytest.raises(UnwritableError, match="Permission denied") as caught:
        records_engine(Place(folder=folder))
    assert str(folder) in caught.value.cause


def test_a_file_that_cannot_be_written_is_refused() -> None:
    with folder_of_another() as folder:
        if os.geteuid() == NOBODY:
            os.seteuid(0)
            folder.chmod(0o777)
            os.seteuid(NOBODY)
        else:
            folder.chmod(0o777)
        with pytest.raises(UnwritableError, match=r"records\.sqlite3"):
            records_engine(Place(folder=folder))


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(UnwritableError, match="data"):
        memory_engine(Place(folder=tmp_path / "data"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite3").write_bytes(b"no database " * 1000)
    with pytest.raises(UnwritableError, match="SQLITE_NOTADB") as caught:
        records_engine(Place(folder=tmp_path))
    assert "backup" in caught.value.remedy


def test_a_file_system_without_write_ahead_log_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An in-memory database is one that has no such log."""
    monkeypatch.setattr("rpild_server.storage.engines.sqlite_file", lambda *_given: ":memory:")
    with pytest.raises(UnwritableError):
        records_engine(Place(folder=tmp_path))


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    migrate(Place(folder=tmp_path / "data"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


MOUNTS = "/dev/a / ext4 rw 0 0\nh:/x /srv/share nfs4 rw 0 0\n/dev/b /srv/share/local\\040disk xfs rw 0 0\n"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/srv", "ext4"), ("/srv/share", "nfs4"), ("/srv/share/a", "nfs4"), ("/srv/share/local disk/a", "xfs")],
)
def test_the_nearest_mount_tells_the_kind_of_disk(folder: str, kind: str) -> None:
    assert disk_kind(Path(folder), MOUNTS) == kind


def test_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"h:/x {tmp_path} cifs rw 0 0\n")
    monkeypatch.setattr(places, "MOUNTS", mounts)
    with pytest.raises(NetworkDiskError, match="cifs"):
        records_engine(Place(folder=tmp_path / "data"))


def test_without_a_table_of_mounts_any_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "absent")
    records_engine(Place(folder=tmp_path)).dispose()
    assert (tmp_path / "records.sqlite3").exists()


def test_a_database_that_does_not_answer_is_refused() -> None:
    with pytest.raises(UnreachableError) as caught:
        records_engine(Place(url=f"postgresql://u:secret@127.0.0.1:{free_port()}/d"))
    assert "secret" not in str(caught.value)


def test_an_unknown_database_is_refused(postgres: str) -> None:
    with pytest.raises(UnreachableError):
        records_engine(Place(url=f"{postgres}nowhere"))


def test_a_database_without_fsync_is_refused(postgres: str) -> None:
    try:
        command(postgres, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)")
        with pytest.raises(NotDurableError, match="fsync"):
            records_engine(Place(url=f"{postgres}postgres"))
    finally:
        command(postgres, "ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()", "SELECT pg_sleep(0.3)")


def test_a_missing_driver_is_told_with_the_command() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from rpild_server.storage.engines import records_engine\n"
        "from rpild_server.storage.place import Place\n"
        "records_engine(Place(url='postgresql://u:secret@127.0.0.1/d'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "RPILD-STORE-DRIVER" in ran.stderr
    assert 'pip install "rpild[postgres]"' in ran.stderr


@pytest.mark.parametrize("address", ["postgres://", "postgresql://", "postgresql+psycopg://"])
def test_usual_spellings_of_the_address_work(postgres: str, address: str) -> None:
    engine = records_engine(Place(url=address + postgres.partition("://")[2] + "postgres"))
    with engine.connect() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    engine.dispose()


def test_records_are_durable_and_memory_is_fast(tmp_path: Path, postgres: str) -> None:
    full, normal = 2, 1
    files, database = Place(folder=tmp_path), Place(url=f"{postgres}postgres")
    for make, level, commit in ((records_engine, full, "on"), (memory_engine, normal, "off")):
        engine = make(files)
        with engine.connect() as connection:
            asked = ("synchronous", "foreign_keys", "journal_mode", "secure_delete")
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
        engine.dispose()
        assert found == [level, 1, "wal", 1]
        engine = make(database)
        with engine.connect() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == commit
        engine.dispose()


def test_a_database_held_by_another_process_is_waited_for(tmp_path: Path) -> None:
    """The switch to the write-ahead log cannot be made while another one reads; after the time it gives up."""
    other = sqlite3.connect(tmp_path / "records.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UnwritableError, match="SQLITE_BUSY"):
        records_engine(Place(folder=tmp_path), busy_seconds=0.2)
    other.execute("COMMIT")
    records_engine(Place(folder=tmp_path), busy_seconds=0.2).dispose()
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
