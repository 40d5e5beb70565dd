"""Kills writing processes at random points, looks at what they leave: `python -m tests.storage.kills --rounds 500`."""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from operator import add
from pathlib import Path

from rpild_server.storage.audit import verify
from rpild_server.storage.errors import StorageError
from rpild_server.storage.place import Place
from rpild_server.storage.replay import load
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import Storage, open_storage
from rpild_server.storage.vouching import verify_records
from tests.storage.endless_writer import Child
from tests.storage.making import SECRETS

CHILDREN = 2
ROUNDS_OF_A_PLACE = 25
EARLY = 0.1  # the share of kills that come while the children still start and migrate


@dataclass
class Outcome:
    """What the rounds found: records acknowledged, of these lost, and rounds that left a fault."""

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    faults: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(*map(add, astuple(self), astuple(other)))


def kill_round(place: Place, chance: random.Random) -> list[str]:
    """Let the children write, kill them at a random moment; the ids that they acknowledged."""
    children = [Child(place) for _ in range(CHILDREN)]
    if chance.random() > EARLY:
        assert children[0].has_begun(), "a process that should write did not begin"
    time.sleep(chance.uniform(0, 0.4))
    return [id for each in children for id in each.kill()]


def kill_rounds(place: Place, rounds: int, seed: int) -> Outcome:
    """So many rounds on one place, each looked at."""
    chance, outcome = random.Random(seed), Outcome()
    for _ in range(rounds):
        acknowledged = kill_round(place, chance)
        migrate(place)  # as a service does that starts again
        storage = open_storage(place, SECRETS)
        outcome.rounds += 1
        outcome.acknowledged += len(acknowledged)
        outcome.lost += sum(not is_there(storage, id) for id in acknowledged)
        outcome.faults += not is_whole(place, storage)
        storage.close()
    return outcome


def on_fresh_places(rounds: int, seed: int) -> Outcome:
    """Many rounds, with a new place now and then: the whole place is looked at after each round."""
    outcome = Outcome()
    for done in range(0, rounds, ROUNDS_OF_A_PLACE):
        with tempfile.TemporaryDirectory() as folder:
            place, some = Place(folder=Path(folder) / "data"), min(ROUNDS_OF_A_PLACE, rounds - done)
            outcome += kill_rounds(place, some, seed + done)
        sys.stderr.write(f"{outcome}\n")
    return outcome


def is_there(storage: Storage, id: str) -> bool:
    try:
        return load(storage.engine, storage.keyring, id).response is not None
    except StorageError:
        return False


def is_whole(place: Place, storage: Storage) -> bool:
    """The files are sound, the chain holds, and every record is vouched for."""
    sound = place.is_postgres or all(_is_sound(path) for path in sorted(Path(str(place.folder)).glob("*.sqlite3")))
    return sound and verify(storage.engine, storage.keyring).good and not verify_records(storage.engine).faults


def _is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        return found == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = on_fresh_places(given.rounds, given.seed)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.lost or outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
