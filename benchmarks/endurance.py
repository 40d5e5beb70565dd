"""Memory over many calls, and the time a server takes until it answers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import cycle

from benchmarks.hook_body import Message
from benchmarks.load import call
from benchmarks.servers import Server, cold_start, cores, is_up, service_command, tree_of
from benchmarks.table import Fact
from rpild_server.run import REST_SECONDS

MOST_PSS_MIB, MOST_GROWTH_MIB, MOST_SECONDS = 90, 1.0, 1.0
STARTS = 3
ONE_IN = 10


def mixed(usual: Callable[[], Message], rare: Callable[[], Message]) -> Callable[[], Message]:
    """Calls as a ward makes them: one in ten is about a patient with this disease."""
    turns = cycle([usual] * (ONE_IN - 1) + [rare])
    return lambda: next(turns)()


def memory(server: Server, path: str, fresh: Callable[[], Message], calls: int) -> list[Fact]:
    """PSS of the worker after so many calls, and its growth over the second half."""
    _repeat(server, path, fresh, calls // 2)
    middle = server.worker_pss_kib() / 1024
    _repeat(server, path, fresh, calls - calls // 2)
    end = server.worker_pss_kib() / 1024
    return [
        Fact(f"PSS of a worker after {calls} signed calls, one in {ONE_IN} evaluated", end, "MiB", MOST_PSS_MIB),
        Fact(f"growth over the last {calls - calls // 2} calls", end - middle, "MiB", MOST_GROWTH_MIB),
    ]


def after_large_bodies(server: Server) -> Fact:
    """What a worker keeps once it has read bodies of several MB: it lets go when smaller ones come again."""
    time.sleep(REST_SECONDS + 1)
    is_up(server.port)
    return Fact("PSS of a worker some seconds after bodies of 6.5 MB", server.worker_pss_kib() / 1024, "MiB")


def _repeat(server: Server, path: str, fresh: Callable[[], Message], calls: int) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(calls):
        call(connection, path, fresh())
    connection.close()


def replacement(server: Server) -> Fact:
    """How long a server of one worker is without, when that worker dies; the program itself stays loaded."""
    begun = time.perf_counter()
    os.kill(tree_of(server.pid)[-1], signal.SIGKILL)
    while not is_up(server.port):
        time.sleep(0.01)
    return Fact("a dead worker is replaced and answers", time.perf_counter() - begun, "s", MOST_SECONDS)


def starts(ports: Callable[[], int]) -> Fact:
    """The quickest of a few cold starts, master and worker."""
    core, _ = cores()
    seconds = [cold_start(service_command(port), port, core) for port in (ports() for _ in range(STARTS))]
    return Fact("cold start of the whole program until /readyz answers", min(seconds), "s", MOST_SECONDS)
