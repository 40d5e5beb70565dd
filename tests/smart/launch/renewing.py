"""Several processes that all want a new token of one launch at the same moment."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import msgspec

from ehr_access.token_answer import Grant
from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import open_storage
from smart_app.launch_store import Tokens
from smart_app.token_keeping import TokenKeeper
from tests.storage.making import SECRETS

LAUNCH = "x" * 43


def renew_in_a_process(folder: str, gate: Any, used: Any, out: Any) -> None:
    """One process: waits for the others, then wants a new token."""
    storage = open_storage(Place(folder=Path(folder)), SECRETS)

    def refresh(_token: str, _scope: str) -> Grant:
        with used.get_lock():
            used.value += 1
        time.sleep(0.4)
        return Grant("fresh")

    keeper = TokenKeeper(LAUNCH, "p1", storage.launches, refresh, lambda: datetime.now(UTC))
    gate.wait(60)
    out.put(keeper.renew("stale"))
    storage.close()


def renew_in_processes(context: SpawnContext, number: int) -> tuple[int, list[str]]:
    """How often the refresh token was used, and the token that each process got."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder=Path(folder))
        migrate(place)
        storage = open_storage(place, SECRETS)
        tokens = Tokens("stale", "refresh", 0.0, "patient/*.rs")
        storage.launches.add(LAUNCH, "browser", "patient", b"{}", msgspec.json.encode(tokens), 0)
        storage.close()
        gate, used, out = context.Barrier(number), context.Value("i", 0), context.Queue()
        made = [context.Process(target=renew_in_a_process, args=(folder, gate, used, out)) for _ in range(number)]
        for each in made:
            each.start()
        found = [out.get(timeout=90) for _ in made]
        for each in made:
            each.join(30)
        return used.value, found
