"""Kills writing processes at random points and looks at what they leave: `python -m tests.storage.kills --rounds 500`.

A child writes from several threads and prints the id of each record once it is acknowledged.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rpild_server.storage.audit import verify
from rpild_server.storage.errors import StorageError
from rpild_server.storage.place import Place
from rpild_server.storage.replay import load
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import Storage, open_storage
from rpild_server.storage.vouching import verify_records
from tests.conftest import ROOT
from tests.storage.making import SECRETS, decision, gate_row

THREADS = 4
CHILDREN = 2


@dataclass
class Outcome:
    """What the rounds found: records acknowledged, of these lost, and rounds that left a fault."""

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    faults: int = 0


def write_for_ever(place: Place) -> None:
    """What a child does until it is killed."""
    migrate(place)
    storage = open_storage(place, SECRETS)

    def write() -> None:
        while True:
            given = decision()
            storage.records.note(gate_row())
            storage.records.record(given, 30)
            os.write(1, f"{given.id}\n".encode())

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    for each in threads:
        each.start()
    threads[0].join()


def kill_round(place: Place, chance: random.Random) -> list[str]:
    """Let the children write, kill them at a random moment; the ids that they acknowledged."""
    words = [sys.executable, "-m", "tests.storage.kills", "--write", str(place.folder or place.url)]
    children = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(CHILDREN)]
    started = children[0].stdout
    assert started
    first = started.readline().decode()  # it runs
    time.sleep(chance.uniform(0, 0.4))
    said = ""
    for each in children:
        each.send_signal(signal.SIGKILL)
        said += each.communicate()[0].decode()
    whole = (first + said)[: (first + said).rfind("\n") + 1]
    return [line for line in whole.splitlines() if len(line) == len(first) - 1]


def kill_rounds(place: Place, rounds: int, seed: int) -> Outcome:
    """So many rounds on one place, each looked at."""
    chance, outcome = random.Random(seed), Outcome()
    for _ in range(rounds):
        acknowledged = kill_round(place, chance)
        storage = open_storage(place, SECRETS)
        outcome.rounds += 1
        outcome.acknowledged += len(acknowledged)
        outcome.lost += sum(not is_there(storage, id) for id in acknowledged)
        outcome.faults += not is_whole(place, storage)
        storage.close()
    return outcome


def is_there(storage: Storage, id: str) -> bool:
    try:
        return load(storage.engine, storage.keyring, id).response is not None
    except StorageError:
        return False


def is_whole(place: Place, storage: Storage) -> bool:
    """The files are sound, the chain holds, and every record is vouched for."""
    sound = place.is_postgres or all(_is_sound(path) for path in sorted(Path(str(place.folder)).glob("*.sqlite3")))
    return sound and verify(storage.engine, storage.keyring).good and not verify_records(storage.engine)[1]


def _is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        return found == [("ok",)] and not connection.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        connection.close()


def place_of(name: str) -> Place:
    return Place(url=name) if "://" in name else Place(folder=Path(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", metavar="PLACE")
    given = parser.parse_args()
    if given.write:
        write_for_ever(place_of(given.write))
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_rounds(Place(folder=Path(folder) / "data"), given.rounds, given.seed)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.lost or outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
