"""Power that fails at any moment, in a migration too, takes no record that was acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rpild_server.storage import engines, store
from tests.storage.power_cuts import cut_power, write_records

CUTS = 20


@pytest.mark.slow
@pytest.mark.verifies("S2")
def test_cuts_lose_nothing(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """A few of the 500 of `make soak`."""
    outcome = cut_power(write_records(tmp_path / "data"), tmp_path, CUTS, seed=20261124)
    assert (outcome.rounds, outcome.lost, outcome.faults) == (CUTS, 0, 0)
    assert outcome.acknowledged > CUTS * 10
    record_property("kept", [outcome.acknowledged, outcome.lost])


@pytest.mark.slow
def test_without_waiting_for_the_disk_they_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the cuts look for is there to be found: the same records, kept as the alert memory is."""
    monkeypatch.setattr(store, "records_engine", lambda place: engines._engine(place, "records", "NORMAL", 5.0))
    outcome = cut_power(write_records(tmp_path / "data"), tmp_path, 8, seed=20261124)
    assert outcome.lost > 0
    assert outcome.faults == 0, "it is whole, only older"
