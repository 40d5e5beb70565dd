"""`python -m benchmarks`: floor, irrelevant patient and full evaluation on pinned cores, as a table and as JSON."""

from __future__ import annotations

import argparse
import os
import socket
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import orjson

from benchmarks.charts import irrelevant, relevant, stamp
from benchmarks.hook_body import HookBody
from benchmarks.load import call, measure
from benchmarks.servers import Server, cores, floor_command, running, service_command
from benchmarks.table import Row, as_markdown, machine, row, save

SERVICE = "/cds-services/rpild-order-sign"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def templates(server: Server) -> dict[str, str]:
    """The prefetch templates that the service publishes."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/cds-services")
    services = orjson.loads(connection.getresponse().read())["services"]
    found: dict[str, str] = next(each["prefetch"] for each in services if each["id"] == "rpild-order-sign")
    return found


def cards(server: Server, body: HookBody) -> list[str]:
    """The topics of the cards that a body is answered with."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    answer = orjson.loads(call(connection, SERVICE, body.fresh()))
    return [each["source"]["topic"]["code"] for each in answer["cards"]]


def expect(found: list[str], wanted: list[str], case: str) -> None:
    """A fast wrong answer is no result."""
    if found != wanted:
        raise SystemExit(f"{case}: expected the cards {wanted}, got {found}; the measurement would mean nothing")


def run(seconds: float) -> list[Row]:
    """Measure all cases, the floor before and after, since machines drift."""
    server_core, client_core = cores()
    os.sched_setaffinity(0, client_core)
    now, floor_port, port = datetime.now(UTC), free_port(), free_port()
    with (
        running("floor", floor_port, floor_command(floor_port), server_core) as floor,
        running("service", port, service_command(port), server_core) as service,
    ):
        asked = templates(service)
        quiet = HookBody(asked, irrelevant(now), ("6809", "Metformin"), stamp(now, 0))
        full = HookBody(asked, relevant(now), ("6902", "Methylprednisolone"), stamp(now, 0))
        expect(cards(service, quiet), [], "irrelevant patient")
        expect(cards(service, full), ["combinationTherapy"], "full evaluation")
        base = measure(floor, "/floor", quiet.fresh, seconds)
        base_full = measure(floor, "/floor", full.fresh, seconds)
        stopped = measure(service, SERVICE, quiet.fresh, seconds)
        evaluated = measure(service, SERVICE, full.fresh, seconds)
    return [
        row("floor: Flask, body parsed", quiet.size, base, base.cpu_ms, None),
        row("irrelevant patient, stopped at the gate", quiet.size, stopped, base.cpu_ms, 0.6),
        row("full evaluation (no JWT, no record yet)", full.size, evaluated, base_full.cpu_ms, 0.9),
    ]


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--seconds", type=float, default=5, help="length of each phase of each case (default 5)")
    options.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the JSON goes")
    chosen = options.parse_args()
    rows = run(chosen.seconds)
    save(rows, chosen.json)
    print(f"{machine()}\n\n{as_markdown(rows)}\n\nAlso in {chosen.json}. Ratios compare CPU time within this run.")


if __name__ == "__main__":
    main()
