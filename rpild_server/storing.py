"""The storage of this program: made new in every process after the fork, or in a temporary folder for the demo."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rpild_server.storage.crypt import KEY_BYTES, Secrets
from rpild_server.storage.per_process import PerProcess
from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import Storage, open_storage

Store = PerProcess[Storage]


def prepare_store(place: Place, secrets: Secrets) -> Store:
    """The storage at a place, brought to the newest schema now and opened on first use. Raises SetupError."""
    migrate(place)
    return PerProcess(partial(open_storage, place, secrets))


@contextmanager
def temporary_store() -> Iterator[Store]:
    """A storage with keys of its own that is gone when the block ends."""
    secrets = Secrets("temporary", {"temporary": os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))
    with tempfile.TemporaryDirectory(prefix="rpild-") as folder:
        store = prepare_store(Place(Path(folder)), secrets)
        try:
            yield store
        finally:
            close_store(store)


def close_store(store: Store) -> None:
    """Write what waits and let go, if this process has opened it."""
    storage = store.made()
    if storage:
        storage.close()
