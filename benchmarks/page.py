"""`python -m benchmarks.page`: server time and weight of the SMART page, with 200 Observations in the demo EHR.

The demo EHR stands in this process, which notes when it answers; the plug-in in another, whose CPU is read from /proc.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import requests
from flask import Flask

from benchmarks.__main__ import free_port
from ehr_access.client_keys import ClientKeys, make_client_key
from ehr_sandbox.app import create_sandbox
from ehr_sandbox.records import Records
from rpild_server.app import create_app
from rpild_server.demo import Addresses, demo_settings, registrations
from rpild_server.loopback import serving
from rpild_server.storing import temporary_store

PATIENT, MANY, TARGET_MS, TARGET_KB, WARM = "classic", 200, 100, 150, 5
STEPS, TICK = 9, os.sysconf("SC_CLK_TCK")
Span = tuple[float, float]


def plug_in(addresses: Addresses) -> None:
    """The plug-in alone, until it is ended."""
    with ExitStack() as stack:
        store = stack.enter_context(temporary_store())
        keys = ClientKeys((make_client_key("bench", "ES384"),))
        app = create_app(demo_settings(addresses, ()), ready=lambda: True, store=store, client_keys=keys)
        stack.enter_context(serving(app, addresses.port))
        while True:
            time.sleep(60)


def noting(app: Flask, spans: list[Span]) -> Flask:
    """The EHR, with the times at which it was at work."""
    inner: Callable[..., Iterable[bytes]] = app.wsgi_app

    def timed(environ: dict[str, object], start: object) -> list[bytes]:
        begin = time.perf_counter()
        body = [b"".join(inner(environ, start))]
        spans.append((begin, time.perf_counter()))
        return body

    app.wsgi_app = timed  # type: ignore[assignment,method-assign]
    return app


def busy(spans: list[Span]) -> float:
    """Seconds in which at least one of the spans lies."""
    total, reached = 0.0, 0.0
    for begin, end in sorted(spans):
        total += max(end - max(begin, reached), 0)
        reached = max(reached, end)
    return total


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Visitor:
    """A browser as far as a launch needs one; loopback counts as secure."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.cookies: dict[str, str] = {}

    def get(self, url: str) -> requests.Response:
        own = url.startswith(self.home)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies} if own and cookies else {}
        answer = requests.get(url, headers=sent, allow_redirects=False, timeout=30)
        if own and "Set-Cookie" in answer.headers:
            name, _, value = answer.headers["Set-Cookie"].split(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def launch(self, url: str) -> str:
        """The address of the page."""
        for _ in range(STEPS):
            answer = self.get(url)
            if answer.status_code not in (302, 303):
                return url
            url = urljoin(url, answer.headers["Location"])
        raise SystemExit("The launch did not come to an end.")


def fill(records: Records) -> int:
    """How many Observations the patient has, once the demo's own are copied into the days before until it is enough."""
    own = [each for each in records.of_type("Observation") if each["subject"]["reference"] == f"Patient/{PATIENT}"]
    dated = [each for each in own if "effectiveDateTime" in each]
    for number in range(MANY - len(own)):
        chosen, days = dated[number % len(dated)], timedelta(days=1 + number // len(dated))
        moment = datetime.fromisoformat(chosen["effectiveDateTime"]) - days
        records.put(chosen | {"id": f"more-{number}", "effectiveDateTime": moment.isoformat()})
    return max(MANY, len(own))


def weight(visitor: Visitor, url: str) -> int:
    """Bytes of the page and of all that a first visit asks for, unpacked."""
    text = visitor.get(url).text
    wanted = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]+)"', text)
    return len(text.encode()) + sum(len(visitor.get(urljoin(url, each)).content) for each in wanted)


def measure(visitor: Visitor, url: str, spans: list[Span], pages: int) -> list[float]:
    """Milliseconds of each page beyond those in which the EHR was at work; five pages warm everything up."""
    found = []
    for _ in range(WARM + pages):
        spans.clear()
        begin = time.perf_counter()
        answer = visitor.get(url)
        found.append((time.perf_counter() - begin - busy(spans)) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"The page answered {answer.status_code}; the measurement would mean nothing.")
    return found[WARM:]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--pages", type=int, default=40, help="pages to measure, after five to warm up")
    pages = parser.parse_args().pages
    addresses = Addresses(free_port())
    spans: list[Span] = []
    service = multiprocessing.get_context("spawn").Process(target=plug_in, args=(addresses,), daemon=True)
    service.start()
    sandbox = create_sandbox(addresses.plug_in, addresses.ehr, clients=registrations(addresses))
    many = fill(sandbox.extensions["launcher"].records)
    with serving(noting(sandbox, spans), addresses.port + 1):
        ready(f"{addresses.plug_in}/readyz")
        visitor = Visitor(addresses.plug_in)
        url = visitor.launch(f"{addresses.ehr}/auth/launch/{PATIENT}")
        weighed = weight(visitor, url)
        before = cpu_seconds(service.pid or 0)
        times = measure(visitor, url, spans, pages)
        cpu = (cpu_seconds(service.pid or 0) - before) * 1000 / (pages + WARM)
    service.terminate()
    print(f"{many} Observations, {pages} pages, load {os.getloadavg()[0]:.1f}")
    print(f"CPU of the plug-in a page: {cpu:.0f} ms")
    middle, least = statistics.median(times), min(times)
    print(f"time beyond the EHR's own: median {middle:.0f}, least {least:.0f} ms; target {TARGET_MS}")
    print(f"weight of a first visit, unpacked: {weighed / 1000:.1f} kB; target {TARGET_KB}")


def ready(url: str) -> None:
    """Wait until the plug-in answers."""
    for _ in range(300):
        with suppress(requests.ConnectionError):
            if requests.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The plug-in did not come up.")


if __name__ == "__main__":
    main()
