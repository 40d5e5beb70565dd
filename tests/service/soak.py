"""Load over a long time: `python -m tests.service.soak --minutes 30`; exit status 1 if a call or a record is lost.

`rpild serve` as in production (two workers, tokens, durable records) gets order-sign calls with 200 laboratory results
at a fixed rate, each with a token, a hook instance and a user of its own, about 2,000 patients, every other one of whom
has the disease. A latency counts from the moment at which the call was due: a service that falls behind shows it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from benchmarks.charts import PATIENT, irrelevant, relevant, stamp
from benchmarks.hook_body import HookBody
from benchmarks.servers import tree_of
from rpild_server.storage.tables import decision_records, gate_rows
from tests.cli.serving import ISS, Served, served
from tests.recording.kills import reopened

SERVICE = "rpild-order-sign"
PATH = f"/cds-services/{SERVICE}"
RESULTS, PATIENTS, CALLERS = 200, 2000, 16


@dataclass
class Seen:
    """What came back: latencies in ms, statuses (0: no answer), calls that were shown a card."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    cards: int = 0

    def add(self, other: Seen) -> None:
        self.latencies += other.latencies
        self.statuses.update(other.statuses)
        self.cards += other.cards

    @property
    def errors(self) -> int:
        return self.statuses.total() - self.statuses[200]

    def line(self) -> str:
        """Calls, errors and percentiles."""
        ordered = sorted(self.latencies) or [0.0]
        p50, p99 = (ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (0.5, 0.99))
        return f"{self.statuses.total():7} calls {self.errors:4} errors  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms"


class Calls:
    """Messages ready to send, the same ones by turns with new ids and a new token."""

    def __init__(self, running: Served) -> None:
        services = requests.get(f"{running.url}/cds-services", timeout=10).json()["services"]
        asked = next(each["prefetch"] for each in services if each["id"] == SERVICE)
        now = datetime.now(UTC)
        ill = HookBody(asked, relevant(now, RESULTS - 1), ("6902", "Methylprednisolone"), stamp(now, 0))
        well = HookBody(asked, irrelevant(now, RESULTS), ("6809", "Metformin"), stamp(now, 0))
        self._bodies, self._url = (ill, well), running.url
        self._key = ECKey.import_key(json.loads(running.jwk.read_text()))

    def message(self, number: int) -> tuple[bytes, dict[str, str]]:
        """The body and headers of this call."""
        body = self._bodies[number % 2].fresh().body.replace(PATIENT.encode(), b"soak-%04d" % (number % PATIENTS))
        issued = int(time.time())
        claims = {"iss": ISS, "aud": self._url + PATH, "iat": issued, "exp": issued + 300, "jti": str(uuid.uuid4())}
        token = jwt.encode({"alg": "ES384", "typ": "JWT", "kid": "kit"}, claims, self._key, algorithms=["ES384"])
        return body, {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}


class Caller(threading.Thread):
    """One kept-alive connection that takes the next call when it is due."""

    def __init__(self, calls: Calls, url: str, due: Iterator[tuple[int, float]], lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self._calls, self._due, self._lock = calls, due, lock
        self._host = urlsplit(url).netloc
        self._connection = HTTPConnection(self._host, timeout=30)
        self.seen = Seen()

    def run(self) -> None:
        while True:
            with self._lock:
                number, at = next(self._due)
            if at < 0:
                return
            body, headers = self._calls.message(number)
            time.sleep(max(0.0, at - time.perf_counter()))
            self._note(self._status(body, headers), at)

    def _status(self, body: bytes, headers: dict[str, str]) -> int:
        try:
            self._connection.request("POST", PATH, body, headers)
            answer = self._connection.getresponse()
            self.seen.cards += b'"indicator"' in answer.read()
        except (OSError, HTTPException):
            self._connection.close()
            return 0
        return answer.status

    def _note(self, status: int, at: float) -> None:
        self.seen.statuses[status] += 1
        self.seen.latencies.append((time.perf_counter() - at) * 1000)

    def take(self) -> Seen:
        """What was seen since the last time."""
        taken, self.seen = self.seen, Seen()
        return taken


def schedule(rate: float, seconds: float) -> Iterator[tuple[int, float]]:
    """Number and time of each call; a time below zero when all are done."""
    begun = time.perf_counter()
    for number in count():
        yield (number, begun + number / rate) if number < rate * seconds else (number, -1.0)


@dataclass(frozen=True)
class Size:
    """What the workers hold: PSS in MiB of all together, open files, threads."""

    pss: float
    files: int
    threads: int

    def __str__(self) -> str:
        return f"PSS {self.pss:6.1f} MiB  {self.files} files  {self.threads} threads"


def size_of(running: Served) -> Size:
    workers = tree_of(running.process.pid)[1:]
    rows = [Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").split() for pid in workers]
    pss = sum(int(row[row.index("Pss:") + 1]) for row in rows) / 1024
    return Size(
        pss, *(sum(len(list(Path(f"/proc/{pid}/{what}").iterdir())) for pid in workers) for what in ("fd", "task"))
    )


def slope(values: list[float]) -> float:
    """The rise of a line through values that are one apart (least squares)."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    spread = sum((place - middle) ** 2 for place in range(len(values)))
    return sum((place - middle) * (value - mean) for place, value in enumerate(values)) / spread if spread else 0.0


@contextmanager
def calling(running: Served, rate: float, seconds: float) -> Iterator[list[Caller]]:
    calls, due, lock = Calls(running), schedule(rate, seconds), threading.Lock()
    callers = [Caller(calls, running.url, due, lock) for _ in range(CALLERS)]
    for each in callers:
        each.start()
    yield callers
    for each in callers:
        each.join(60)


def minute_by_minute(running: Served, rate: float, minutes: int) -> tuple[Seen, list[Size]]:
    """The load, with a line for each minute; the sizes begin before the first call."""
    whole, sizes = Seen(), [size_of(running)]
    with calling(running, rate, minutes * 60) as callers:
        for minute in range(1, minutes + 1):
            time.sleep(60)
            part = _taken(callers)
            whole.add(part)
            sizes.append(size_of(running))
            tell(f"minute {minute:3}: {part.line()}  {sizes[-1]}")
    whole.add(_taken(callers))
    return whole, sizes


def _taken(callers: list[Caller]) -> Seen:
    together = Seen()
    for each in callers:
        together.add(each.take())
    return together


def kept(config: Path) -> tuple[int, int, bool]:
    """Decisions and short rows of that EHR that are on record, and whether files and chain are whole."""
    with reopened(config) as (storage, whole), storage.engine.connect() as connection:
        numbers = [
            connection.execute(select(func.count()).select_from(table).where(table.c.iss == ISS)).scalar_one()
            for table in (decision_records, gate_rows)
        ]
    return numbers[0], numbers[1], whole


def soak(folder: Path, rate: float, minutes: int) -> bool:
    """Run it and tell the sums; whether nothing failed."""
    with served(folder, expose_assessment="false") as running:
        seen, sizes = minute_by_minute(running, rate, minutes)
    decisions, stops, whole = kept(folder / "rpild.toml")
    lost = seen.statuses[200] - decisions - stops
    late = [each.pss for each in sizes[len(sizes) // 3 :]]
    tell(f"all       : {seen.line()}  by status {dict(sorted(seen.statuses.items()))}")
    tell(
        f"records   : {decisions} decisions ({seen.cards} with a card), {stops} short rows, lost {lost}; whole: {whole}"
    )
    tell(
        f"workers   : {sizes[0]} before, {sizes[-1]} after; PSS slope {slope(late):+.2f} MiB a minute (last two thirds)"
    )
    return not seen.errors and not lost and whole and seen.cards == decisions


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--rate", type=float, default=50, help="calls a second")
    given = parser.parse_args()
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build") as folder:
        return 0 if soak(Path(folder), given.rate, given.minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
