"""`python -m benchmarks`: the real service beside a floor and a peer on pinned cores, as tables and as JSON."""

from __future__ import annotations

import argparse
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from benchmarks.charts import irrelevant, relevant, stamp
from benchmarks.endurance import after_large_bodies, memory, mixed, replacement, starts
from benchmarks.hook_body import HookBody
from benchmarks.load import call, measure
from benchmarks.servers import PEER_PYTHON, Server, cores, floor_command, peer_command, running, service_command
from benchmarks.site import Site, commit_p99_ms, write_site
from benchmarks.table import Fact, Row, as_markdown, facts_as_markdown, machine, row, save

SERVICE, PEER_SERVICE = "/cds-services/rpild-order-sign", "/cds/cds-services/one-rule"
FEW, MANY = 200, 5000
LOW_LOAD_MS = 10
FULL = "full evaluation (no JWT, no record)"


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


@dataclass(frozen=True)
class Bench:
    """The running servers and what they are sent."""

    floor: Server
    service: Server
    asked: dict[str, str]
    now: datetime
    seconds: float
    calls: int

    def body(self, relevant_chart: bool, count: int) -> HookBody:
        """An order-sign call for a chart with so many laboratory results; the card it brings is checked."""
        chart = relevant(self.now, count - 1) if relevant_chart else irrelevant(self.now, count)
        drug = ("6902", "Methylprednisolone") if relevant_chart else ("6809", "Metformin")
        made = HookBody(self.asked, chart, drug, stamp(self.now, 0))
        expect(cards(self.service, made), ["combinationTherapy"] if relevant_chart else [], f"{count} results")
        return made

    def compare(self, case: str, made: HookBody, target: float | None) -> Row:
        """The floor and the service on the same body, one right after the other, since machines drift."""
        base = measure(self.floor, "/floor", made.fresh, self.seconds)
        return row(case, made.size, measure(self.service, SERVICE, made.fresh, self.seconds), base.cpu_ms, target)

    def signed(self, case: str, server: Server, site: Site, made: HookBody, target: float) -> Row:
        """The floor and a site's production stack on the same body, there with a token for each call."""
        base = measure(self.floor, "/floor", made.fresh, self.seconds)
        sample = measure(server, SERVICE, site.signing(SERVICE, made.fresh), self.seconds)
        return row(case, made.size, sample, base.cpu_ms, target)

    def floor_rows(self, made: HookBody) -> list[Row]:
        """The floor itself, and what is left of it without parsing."""
        base = measure(self.floor, "/floor", made.fresh, self.seconds)
        read = measure(self.floor, "/read", made.fresh, self.seconds)
        return [
            row("floor: Flask, body parsed", made.size, base, base.cpu_ms, None),
            row("Flask, body read and not parsed", made.size, read, base.cpu_ms, None),
        ]

    def rows(self) -> list[Row]:
        """All cases."""
        quiet, full = self.body(False, FEW), self.body(True, FEW)
        return [
            *self.floor_rows(quiet),
            self.compare("irrelevant patient, stopped at the gate", quiet, 0.6),
            self.compare(FULL, full, 0.9),
            self.compare(f"irrelevant patient, {MANY} Observations", self.body(False, MANY), 0.35),
            self.compare(f"full evaluation, {MANY} Observations", self.body(True, MANY), 0.35),
        ]

    def growth(self) -> list[Fact]:
        """How the cost of a full evaluation grows with the number of Observations."""
        sizes = (200, 500, 2000, 5000)
        costs = [measure(self.service, SERVICE, self.body(True, size).fresh, self.seconds).cpu_ms for size in sizes]
        curve = [
            Fact(f"CPU of a full evaluation, {size} Observations", cost, "ms")
            for size, cost in zip(sizes, costs, strict=True)
        ]
        return [*curve, Fact("10 times the Observations (200 to 2000) cost", costs[2] / costs[0], "times", 11)]


def production(bench: Bench, core: set[int]) -> tuple[list[Row], list[Fact]]:
    """The same calls signed and recorded, as `rpild serve` gets them."""
    port = free_port()
    with TemporaryDirectory(prefix="bench-", dir="build") as name:
        site, commit = write_site(Path(name), port), commit_p99_ms(Path(name))
        quiet, full = bench.body(False, FEW), bench.body(True, FEW)
        with running("production", port, site.command(), core) as server:
            rows = [
                bench.signed("irrelevant patient, JWT, short row", server, site, quiet, 0.6),
                bench.signed("full evaluation, JWT, durable record", server, site, full, 0.9),
            ]
            fresh = site.signing(SERVICE, mixed(quiet.fresh, full.fresh))
            facts = memory(server, SERVICE, fresh, bench.calls)
    highest = round(LOW_LOAD_MS + commit, 1)
    told = Fact("p99 of a full evaluation with JWT and durable record", rows[1].p99_ms, "ms", highest)
    return rows, [Fact("p99 of one durable commit on this disk", commit, "ms"), told, *facts]


def peer_facts(made: HookBody, rows: list[Row], seconds: float) -> list[Fact]:
    """HealthChain beside us on the body of the full evaluation; nothing if its environment is not there."""
    if not PEER_PYTHON.exists():
        return []
    core, _ = cores()
    port = free_port()
    with running("peer", port, peer_command(port), core) as peer:
        cost = measure(peer, PEER_SERVICE, made.fresh, seconds).cpu_ms
    ours = next(each.cpu_ms for each in rows if each.case == FULL)
    return [
        Fact("HealthChain, one rule on dicts, CPU", cost, "ms"),
        Fact("our full evaluation / HealthChain's one rule", ours / cost, "times", 0.5),
    ]


def run(seconds: float, calls: int) -> tuple[list[Row], list[Fact]]:
    """Measure all cases."""
    server_core, client_core = cores()
    os.sched_setaffinity(0, client_core)
    now, floor_port, port = datetime.now(UTC), free_port(), free_port()
    with (
        running("floor", floor_port, floor_command(floor_port), server_core) as floor,
        running("service", port, service_command(port), server_core) as service,
    ):
        bench = Bench(floor, service, templates(service), now, seconds, calls)
        signed, facts = production(bench, server_core)
        rows, full = bench.rows(), bench.body(True, FEW)
        facts += [*bench.growth(), after_large_bodies(service), replacement(service)]
    return [*rows, *signed], [*facts, starts(free_port), *peer_facts(full, rows, seconds)]


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--seconds", type=float, default=5, help="length of each phase of each case (default 5)")
    options.add_argument("--calls", type=int, default=5000, help="calls of the memory case (default 5000)")
    options.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the JSON goes")
    chosen = options.parse_args()
    rows, facts = run(chosen.seconds, chosen.calls)
    save(rows, facts, chosen.json)
    print(f"{machine()}\n\n{as_markdown(rows)}\n\n{facts_as_markdown(facts)}\n")
    print(f"Also in {chosen.json}. Ratios compare CPU time within this run.")


if __name__ == "__main__":
    main()
