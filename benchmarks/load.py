"""The load client: kept-alive connections, one call after the other or several at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection

from benchmarks.hook_body import Message
from benchmarks.servers import Server

CLIENTS = 4


@dataclass(frozen=True)
class Sample:
    """What one case used: sorted latencies (ms), CPU ms a call, calls a second when busy, PSS in MiB."""

    latencies: list[float]
    cpu_ms: float
    per_second: float
    pss_mib: float

    def percentile(self, share: float) -> float:
        """The latency that this share of the calls stayed below."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def call(connection: HTTPConnection, path: str, message: Message) -> bytes:
    """One call; any other answer than 200 ends the bench, since its time would mean nothing."""
    connection.request("POST", path, message.body, message.headers)
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}: {text[:500].decode(errors='replace')}")
    return text


def one_by_one(server: Server, path: str, fresh: Callable[[], Message], seconds: float) -> list[float]:
    """Latencies in ms of calls that follow each other."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    latencies, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        message = fresh()
        start = time.perf_counter()
        call(connection, path, message)
        latencies.append((time.perf_counter() - start) * 1000)
    connection.close()
    return latencies


def together(server: Server, path: str, fresh: Callable[[], Message], seconds: float) -> tuple[int, float]:
    """How many calls several clients get answered, and in how many seconds."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        counts = list(clients.map(lambda _: len(one_by_one(server, path, fresh, seconds)), range(CLIENTS)))
    return sum(counts), time.perf_counter() - start


def measure(server: Server, path: str, fresh: Callable[[], Message], seconds: float) -> Sample:
    """Warm up, then single calls for latency and CPU, then many at once for throughput."""
    one_by_one(server, path, fresh, min(seconds, 1))
    before = server.cpu_seconds()
    latencies = one_by_one(server, path, fresh, seconds)
    cpu = server.cpu_seconds() - before
    count, elapsed = together(server, path, fresh, seconds)
    return Sample(sorted(latencies), cpu * 1000 / len(latencies), count / elapsed, server.worker_pss_kib() / 1024)
