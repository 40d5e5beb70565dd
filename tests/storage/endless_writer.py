"""A process that writes records from several threads until it is killed, and tells the id of each one acknowledged."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection

from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import open_storage
from tests.storage.making import SECRETS, decision, gate_row

THREADS = 4
NURSERY = multiprocessing.get_context(
    "forkserver"
)  # its children come from a process that is loaded and has no threads
NURSERY.set_forkserver_preload([__name__])


def write_for_ever(place: Place, sender: Connection) -> None:
    """What a child does until it is killed."""
    migrate(place)
    storage = open_storage(place, SECRETS)

    def write() -> None:
        while True:
            given = decision()
            storage.records.note(gate_row())
            storage.records.record(given, 30)
            os.write(sender.fileno(), f"{given.id}\n".encode())  # in one piece, whenever the kill comes

    threads = [threading.Thread(target=write) for _ in range(THREADS)]
    for each in threads:
        each.start()
    threads[0].join()


class Child:
    """A process that writes until it is killed."""

    def __init__(self, place: Place) -> None:
        self._said, sender = NURSERY.Pipe(duplex=False)
        self._process = NURSERY.Process(target=write_for_ever, args=(place, sender), daemon=True)
        self._process.start()
        sender.close()

    def has_begun(self) -> bool:
        """Whether it acknowledges something within a while."""
        return self._said.poll(30)

    def kill(self) -> list[str]:
        """End it now; the ids that it acknowledged."""
        self._process.kill()
        self._process.join()
        with self._said, open(self._said.fileno(), encoding="ascii", closefd=False) as said:
            return said.read().split()
