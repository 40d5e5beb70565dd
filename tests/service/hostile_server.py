"""A FHIR server that misbehaves on request, for tests: each path is a small program."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]


@dataclass
class Behaviour:
    """What the server does by path (query included; writes as `POST Observation`), and what it has seen."""

    acts: dict[str, Act] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    base: str = ""

    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self._act(self.path.removeprefix("/fhir/"))

    def do_POST(self) -> None:
        self.server.behaviour.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self._act(f"{self.command} {self.path.removeprefix('/fhir/')}")

    do_PUT = do_POST

    def _act(self, name: str) -> None:
        self.server.behaviour.seen.append((self.path, dict(self.headers)))
        act = self.server.behaviour.acts.get(name)
        try:
            (act or status(404))(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (
            {"Content-Type": "application/fhir+json", "Content-Length": str(len(body))} | (headers or {})
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class HostileServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = Behaviour(base=f"http://127.0.0.1:{self.server_address[1]}/fhir")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


@contextmanager
def hostile_server() -> Iterator[Behaviour]:
    """A running server; its behaviour can be changed while it runs."""
    server = HostileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.behaviour
    finally:
        server.shutdown()
        server.server_close()


def give(body: Any, code: int = 200, headers: dict[str, str] | None = None) -> Act:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.send(code, raw, headers)


def status(code: int, headers: dict[str, str] | None = None) -> Act:
    return give(b"", code, headers)


def in_turn(*acts: Act) -> Act:
    """The first act for the first call, and so on; the last one stays."""
    left = list(acts)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def silent(seconds: float) -> Act:
    return lambda _: time.sleep(seconds)


def drip(body: bytes, pause: float) -> Act:
    def act(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for place in range(len(body)):
            handler.wfile.write(body[place : place + 1])
            handler.wfile.flush()
            time.sleep(pause)

    return act


def bomb(size: int) -> Act:
    return give(gzip.compress(b" " * size), headers={"Content-Encoding": "gzip"})


def bundle(*entries: dict[str, Any], following: str = "") -> dict[str, Any]:
    page: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": each} for each in entries],
    }
    return page | ({"link": [{"relation": "next", "url": following}]} if following else {})
