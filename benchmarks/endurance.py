"""Memory over many calls, and the time a server takes until it answers."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection

from benchmarks.hook_body import Message
from benchmarks.load import call
from benchmarks.servers import Server, cold_start, cores, service_command
from benchmarks.table import Fact

MOST_PSS_MIB, MOST_GROWTH_MIB, MOST_SECONDS = 90, 1.0, 1.0
STARTS = 3


def memory(server: Server, path: str, fresh: Callable[[], Message], calls: int) -> list[Fact]:
    """PSS of the worker after so many calls, and its growth over the second half."""
    _repeat(server, path, fresh, calls // 2)
    middle = server.worker_pss_kib() / 1024
    _repeat(server, path, fresh, calls - calls // 2)
    end = server.worker_pss_kib() / 1024
    return [
        Fact(f"PSS of a worker after {calls} calls", end, "MiB", MOST_PSS_MIB),
        Fact(f"growth over the last {calls - calls // 2} calls", end - middle, "MiB", MOST_GROWTH_MIB),
    ]


def after_large_bodies(server: Server) -> Fact:
    """What a worker keeps once it has read bodies of several MB."""
    return Fact("PSS of a worker after bodies of 6.5 MB", server.worker_pss_kib() / 1024, "MiB")


def _repeat(server: Server, path: str, fresh: Callable[[], Message], calls: int) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(calls):
        call(connection, path, fresh())
    connection.close()


def starts(ports: Callable[[], int]) -> Fact:
    """The quickest of a few cold starts, master and worker."""
    core, _ = cores()
    seconds = [cold_start(service_command(port), port, core) for port in (ports() for _ in range(STARTS))]
    return Fact("cold start until /readyz answers", min(seconds), "s", MOST_SECONDS)
