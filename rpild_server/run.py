"""gunicorn around the plug-in: threads for FHIR reads, loaded before the fork, garbage rarely sought.

`python -m rpild_server.run --unsigned --port 8000 [--workers 1] [--threads 4] [--config FILE]` serves on loopback and
without tokens, for measuring; production is `rpild serve`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
import struct
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import ParseException
from gunicorn.workers import gthread

from cds_hooks.discovery import discovery
from fhir_mappings.drafts import WORK_UP, service_request
from rpild_server.app import create_app
from rpild_server.http_worker import HttpWorker
from rpild_server.logs import start_logging
from rpild_server.loopback import HOST
from rpild_server.settings import SettingsError, load_settings

LARGE = 1024 * 1024  # bytes of a body
REST_SECONDS = 3.0  # without large bodies
ARENA_MAX = -8  # glibc's M_ARENA_MAX
MEMORY_FOLDER = "/dev/shm"  # noqa: S108  gunicorn's heartbeat files, never data
DRAIN_SECONDS = 9
SILENCE_SECONDS = 10  # between two pieces of a request
FIRST_BYTE_SECONDS = 0.02  # that a thread waits for a request; then the connection waits without one, and is closed


class Service(BaseApplication):  # type: ignore[misc]
    """gunicorn with our options; the application is built once, before the fork."""

    def __init__(self, build: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._build = build
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        keep_together()
        start_logging()
        discovery()
        for item in WORK_UP:
            service_request(item, "warm-up")
        app = self._build()
        app.wsgi_app = BodyGuard(app.wsgi_app)  # type: ignore[method-assign]
        return app


def keep_together() -> None:
    """One heap for all threads: else each keeps the room of the largest body that it has read (glibc only).

    They do not wait for it, since only one thread runs Python at a time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(ARENA_MAX, 1)


def give_back() -> bool:
    """Memory that large bodies took goes back to the system; whether this system's library can do that (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    return trim is not None


class BodyGuard:
    """Tells the application of a malformed body in the form that every WSGI server has in common, an OSError.

    Some time after the last large body it lets their memory go; while they come it stays, since taking it costs time.
    """

    def __init__(self, wsgi_app: Any) -> None:
        self._wsgi_app = wsgi_app
        self._large_at = inf

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input"] = _Body(environ["wsgi.input"])
        if int(environ.get("CONTENT_LENGTH") or 0) >= LARGE:
            self._large_at = time.monotonic()
        elif time.monotonic() - self._large_at > REST_SECONDS:
            self._large_at = inf
            give_back()
        return self._wsgi_app(environ, start_response)


class _Body:
    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self, size: int) -> bytes:
        try:
            return self._body.read(size)
        except ParseException as problem:
            raise OSError(type(problem).__name__) from None


def make_ready(arbiter: Any) -> None:
    """Keep what was loaded before the fork out of later collections; let no connection hold a thread in silence."""
    gthread.DEFAULT_WORKER_DATA_TIMEOUT = FIRST_BYTE_SECONDS  # 5 s let a few hundred idle connections stop all
    for listener in arbiter.LISTENERS:  # connections inherit it
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_SECONDS, 0))
    gc.freeze()


def options(host: str, port: int, workers: int | None, threads: int) -> dict[str, Any]:
    """gunicorn's settings. No forwarded header is believed, whoever sends it."""
    return {
        "bind": f"{host}:{port}",
        "worker_class": HttpWorker,
        "workers": workers or os.cpu_count() or 1,
        "threads": threads,
        "preload_app": True,
        "when_ready": make_ready,
        "control_socket_disable": True,
        "worker_tmp_dir": MEMORY_FOLDER if Path(MEMORY_FOLDER).is_dir() else None,
        "keepalive": 5,
        "graceful_timeout": DRAIN_SECONDS,
        "forwarded_allow_ips": "",
        "loglevel": "warning",
        "proc_name": "rpild",
    }


@click.command()
@click.option("--unsigned", is_flag=True, help="Accept calls without a token.")
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=os.cpu_count() or 1, show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(unsigned: bool, port: int, workers: int, threads: int, config: Path | None) -> None:
    """Run the plug-in under gunicorn on loopback."""
    try:
        settings = load_settings(config)
    except SettingsError as problem:
        raise click.UsageError(str(problem)) from None
    name = "unsigned" if unsigned else ""
    Service(lambda: create_app(settings, unsigned=name), options(HOST, port, workers, threads)).run()


if __name__ == "__main__":
    main()
