"""Killed at any moment, the storage is whole and holds every record that was acknowledged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rpild_server.storage.place import Place
from tests.storage.cluster import new_database
from tests.storage.kills import kill_rounds


@pytest.mark.slow
def test_kills_lose_nothing(files: Place, record_property: Callable[[str, object], None]) -> None:
    """A few of the 500 of `make soak`."""
    outcome = kill_rounds(files, rounds=12, seed=20261122)
    assert (outcome.rounds, outcome.lost, outcome.faults) == (12, 0, 0)
    record_property("kept", [outcome.acknowledged, outcome.lost])
    assert outcome.acknowledged > 100


@pytest.mark.slow
def test_kills_on_postgres_lose_nothing(postgres: str) -> None:
    outcome = kill_rounds(Place(url=new_database(postgres)), rounds=4, seed=20261122)
    assert (outcome.rounds, outcome.lost, outcome.faults) == (4, 0, 0)
    assert outcome.acknowledged > 20
