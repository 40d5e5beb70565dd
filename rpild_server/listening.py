"""Whether the service can listen where it is told to, asked before the web server starts, which tells it at length."""

from __future__ import annotations

import os
import socket
import time

from rpild_server.settings import Settings, SettingsError

WAIT_SECONDS = 5.0  # for workers of a service that has just ended
RETRY_SECONDS = 0.5
HANDED_OVER = ("GUNICORN_FD", "LISTEN_FDS")  # the socket is there already, from a process before or from systemd


def refuse_place_in_use(settings: Settings) -> None:
    """Raises SettingsError: address, fault, remedy."""
    if any(each in os.environ for each in HANDED_OVER):
        return
    give_up = time.monotonic() + WAIT_SECONDS
    while fault := _fault(settings.host, settings.port):
        if time.monotonic() > give_up:
            raise SettingsError(
                f"host and port: nothing can listen at {settings.host}:{settings.port} ({fault}). End what listens "
                "there (`ss -ltnp` names it), or write another host or port."
            )
        time.sleep(RETRY_SECONDS)


def _fault(host: str, port: int) -> str:
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
            one.bind(address)
    except OSError as problem:
        return problem.strerror or type(problem).__name__
    return ""
