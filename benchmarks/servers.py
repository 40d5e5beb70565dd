"""Start a server on its own core, and read from /proc what it used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER_PYTHON = ROOT / "build" / "healthchain" / "bin" / "python"
NANO = 10**9


def cores() -> tuple[set[int], set[int]]:
    """One core for the server, another for the load client; with one core both share it."""
    free = sorted(os.sched_getaffinity(0))
    return {free[0]}, {free[-1]}


def tree_of(pid: int) -> list[int]:
    """A process and all that descends from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in tree_of(int(child)))]


@dataclass(frozen=True)
class Server:
    """A running server: its name, port and first process."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Time that all threads of its processes have run so far, to the nanosecond: the threads of a pool stay."""
        threads = [path for pid in tree_of(self.pid) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(path.read_text(encoding="ascii").split()[0]) for path in threads) / NANO

    def worker_pss_kib(self) -> int:
        """Proportional memory of its largest worker."""
        workers = tree_of(self.pid)[1:] or [self.pid]
        rows = [Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").split() for pid in workers]
        return max((int(row[row.index("Pss:") + 1]) for row in rows), default=0)


def is_up(port: int) -> bool:
    """Whether /readyz answers 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def cold_start(command: list[str], port: int, core: set[int]) -> float:
    """Seconds from the start of a server until it answers."""
    begun = time.perf_counter()
    with running("cold", port, command, core):
        return time.perf_counter() - begun


@contextmanager
def running(name: str, port: int, command: list[str], core: set[int]) -> Iterator[Server]:
    """A server from start to end, pinned to a core; its output goes to build/<name>.log."""
    log = ROOT / "build" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    awake = os.environ | {"RPILD_SILENT_MODE": "false"}  # a new production site is silent until it is told otherwise
    pin = ["taskset", "--cpu-list", ",".join(map(str, core))]
    with (
        log.open("wb") as out,
        subprocess.Popen([*pin, *command], cwd=ROOT, env=awake, stdout=out, stderr=out) as process,
    ):
        try:
            _wait(port, process, log)
            yield Server(name, port, process.pid)
        finally:
            process.terminate()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while not is_up(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the server did not start; see {log}")
        time.sleep(0.05)


def floor_command(port: int) -> list[str]:
    """The floor under the same web server, with its defaults."""
    gunicorn = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1", "--threads", "4"]
    return [*gunicorn, "--bind", f"127.0.0.1:{port}", "--log-level", "warning", "benchmarks.floor:app"]


def peer_command(port: int) -> list[str]:
    """HealthChain in its own environment."""
    return [str(PEER_PYTHON), "-m", "benchmarks.peer", "--port", str(port)]


def service_command(port: int) -> list[str]:
    """The service as in production."""
    return [sys.executable, "-m", "rpild_server.run", "--unsigned", "--port", str(port), "--workers", "1"]
