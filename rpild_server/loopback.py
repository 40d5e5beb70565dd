"""One WSGI application on a loopback port, in a thread of its own, started and stopped cleanly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

HOST = "127.0.0.1"
THREADS = 8
STOP_SECONDS = 2


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[int]:
    """Serve a WSGI application while the block runs; gives the port, a free one for 0. Raises OSError if taken."""
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host=HOST, port=port, threads=THREADS, ident=None)
    thread = threading.Thread(target=server.run, name=f"loopback-{port}", daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        # The loop closes its own sockets: closing them under its select would end it with an error.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        thread.join(STOP_SECONDS)
        server.task_dispatcher.shutdown(timeout=STOP_SECONDS)
