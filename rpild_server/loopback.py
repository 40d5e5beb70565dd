"""One WSGI application on a loopback port, in a thread of its own, started and stopped cleanly."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

HOST = "127.0.0.1"
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  compared with, never bound here
THREADS = 8
WAKE_SECONDS = 1.0  # how often it looks for connections that lie idle; an event wakes it at once
STOP_SECONDS = 5
logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a call waits for a thread is no news here


def from_here(host: str, port: int) -> str:
    """The address at which this machine reaches a service that listens there."""
    return f"http://{HOST if host in EVERYWHERE else host}:{port}"


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[int]:
    """Serve a WSGI application while the block runs; gives the port, a free one for 0. Raises OSError if taken."""
    sockets: dict[int, Any] = {}
    server = _bound(app, port, sockets)
    stop = threading.Event()
    thread = threading.Thread(target=_loop, args=(sockets, stop), name=f"loopback-{port}", daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        server.trigger.pull_trigger(stop.set)
        thread.join(STOP_SECONDS)


def _bound(app: Any, port: int, sockets: dict[int, Any]) -> Any:
    """A server that listens; if the port is taken, nothing stays open."""
    try:
        return create_server(app, map=sockets, host=HOST, port=port, threads=THREADS, ident=None)
    except OSError:
        wasyncore.close_all(sockets, ignore_all=True)
        raise


def _loop(sockets: dict[int, Any], stop: threading.Event) -> None:
    """Serve until told to stop; the thread that selects on the sockets is the one that closes them."""
    while not stop.is_set():
        wasyncore.loop(timeout=WAKE_SECONDS, map=sockets, count=1)
    wasyncore.close_all(sockets, ignore_all=True)
