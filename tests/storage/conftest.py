"""Storage for tests: each test that asks for `place` or `storage` runs on real SQLite files and on real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import Storage, open_storage
from tests.storage.cluster import cluster, new_database
from tests.storage.making import SECRETS


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a private PostgreSQL server."""
    with cluster() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place of either kind."""
    if request.param == "sqlite":
        return Place(folder=tmp_path / "data")
    return Place(url=new_database(request.getfixturevalue("postgres")))


@pytest.fixture
def files(tmp_path: Path) -> Place:
    """An empty place for SQLite files."""
    return Place(folder=tmp_path / "data")


@pytest.fixture
def storage(place: Place) -> Iterator[Storage]:
    """An open storage of either kind."""
    migrate(place)
    yield from opened(place)


@pytest.fixture
def sqlite_storage(files: Place) -> Iterator[Storage]:
    """An open storage on SQLite files."""
    migrate(files)
    yield from opened(files)


def opened(place: Place) -> Iterator[Storage]:
    storage = open_storage(place, SECRETS)
    yield storage
    storage.close()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(SECRETS)
