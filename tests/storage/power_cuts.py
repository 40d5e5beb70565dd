"""Cuts the power at random moments of one run: `python -m tests.storage.power_cuts --cuts 500`."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import open_storage
from tests.storage.kills import Outcome, is_there, is_whole
from tests.storage.making import SECRETS, decision, gate_row
from tests.storage.power_cut import Disk, watched

THREADS, RECORDS = 4, 120
PAYLOAD = 40_000  # large ones, so that the journal is written back to the database several times


def write_records(folder: Path) -> Disk:
    """A run from the first migration on, with every record that was acknowledged."""
    place = Place(folder=folder)
    with watched(folder) as disk:
        migrate(place)
        storage = open_storage(place, SECRETS)

        def write(_number: int) -> None:
            given = decision(payload=os.urandom(PAYLOAD))
            storage.records.note(gate_row())
            storage.records.record(given, 30)
            disk.acknowledge(given.id)

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(write, range(RECORDS)))
        storage.close()
    return disk


def cut_power(disk: Disk, folder: Path, cuts: int, seed: int) -> Outcome:
    """The files of so many moments, each opened again as a service does that starts."""
    chance, outcome = random.Random(seed), Outcome()
    for number in range(cuts):
        moment = chance.randrange(len(disk.log))
        place, acknowledged = Place(folder=folder / str(number)), disk.acknowledged(moment)
        write_files(Path(str(place.folder)), disk.files_after(moment, chance))
        migrate(place)
        storage = open_storage(place, SECRETS)
        outcome += Outcome(
            rounds=1,
            acknowledged=len(acknowledged),
            lost=sum(not is_there(storage, id) for id in acknowledged),
            faults=not is_whole(place, storage),
        )
        storage.close()
    return outcome


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(mode=0o700)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        disk = write_records(Path(folder) / "data")
        outcome = cut_power(disk, Path(folder), given.cuts, given.seed)
    sys.stdout.write(f"{outcome} in a run of {len(disk.log)} writes and syncs\n")
    return 1 if outcome.lost or outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
