"""Workers that end without having been told to: killed, mostly for want of memory; counted and told by the master."""

from __future__ import annotations

from pathlib import Path

from rpild_server.logs import report
from rpild_server.metrics import Meters, forget_process

DIED = "worker-died"


def note_orderly_end(folder: Path, pid: int) -> None:
    """In a worker, at its end: a mark that one who is killed cannot leave."""
    (folder / _mark(pid)).touch()


def note_end(folder: Path, pid: int, meters: Meters) -> None:
    """In the master, after a worker's end. The calls that it had begun got no answer, and no record."""
    forget_process(pid)
    try:
        (folder / _mark(pid)).unlink()
    except FileNotFoundError:
        meters.faults.labels(DIED).inc()
        report(DIED)


def _mark(pid: int) -> str:
    return f"ended-{pid}"
