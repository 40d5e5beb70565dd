"""`make integration FHIR_BASE_URL=...`: the plug-in against a FHIR R4 server that others wrote; prints a table.

Without FHIR_BASE_URL it starts HAPI FHIR by itself. Our synthetic patients are loaded where the server lets us, and
removed again; else patients found there are read. Nothing of a patient is printed but ids.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click
import requests

from rpild_server.check_ehr.examination import Asked, examine
from rpild_server.check_ehr.summary import element_rows
from tests.cli.serving import ISS, Served, served
from tests.integration.hapi_server import hapi
from tests.integration.rounds import Row, hooked, searched, timed
from tests.integration.synthetic_patients import CannotWriteError, loaded, patients_found

EXAMINED = 6


def rounds(base: str, folder: Path) -> Iterator[Row]:
    """Every row against one server."""
    yield timed("capability statement", "", lambda: _capability(base))
    with ExitStack() as opened:
        stack = opened.enter_context(_plug_in(folder, base))
        try:
            charts = opened.enter_context(loaded(base, f"rpild-{uuid.uuid4().hex[:6]}")).charts
        except CannotWriteError as problem:
            yield Row("load our patients", "", True, 0, f"not allowed here, so patients found there: {problem}"[:160])
            charts = {each: [] for each in patients_found(base)}
        yield timed("rpild check-ehr", "", lambda: _examined(base, tuple(charts)[:EXAMINED]))
        for patient, chart in charts.items():
            yield from searched(base, patient)
            yield from hooked(stack, base, patient, chart, folder)


def _plug_in(folder: Path, base: str) -> AbstractContextManager[Served]:
    record = f'[{{name = "kit", iss = "{ISS}", jwks_file = "keys.json", fhir_bases = ["{base}"]}}]'
    return served(folder, ehrs=record, read_seconds="3.0")


def _capability(base: str) -> str:
    answer = requests.get(f"{base}/metadata", headers={"Accept": "application/fhir+json"}, timeout=60)
    body = answer.json()
    assert body.get("fhirVersion", "").startswith("4.0"), f"not FHIR R4: {body.get('fhirVersion')}"
    software = body.get("software", {})
    return f"{software.get('name', 'unnamed')} {software.get('version', '')}, FHIR {body['fhirVersion']}"


def _examined(base: str, patients: tuple[str, ...]) -> str:
    """What `rpild check-ehr` finds for the same patients; a fault there is a failed check here."""
    found = examine(Asked(base, base, patients=patients), datetime.now(UTC), lambda: None)
    levels = Counter(each.level for each in found.findings)
    assert not levels["fault"], "; ".join(each.text for each in found.findings if each.level == "fault")
    come = sum(row.patients > 0 for row in element_rows(found))
    return f"{len(found.searches)} searches, {come} data elements come, {levels['warn']} things to look at"


def table(rows: list[Row]) -> str:
    """For people: one line a check, the slowest and the worst first seen at a glance."""
    lines = [f"{'check':32} {'patient':34} {'':4} {'ms':>7}  seen"]
    lines += [
        f"{row.check:32} {row.patient:34} {'ok' if row.good else 'FAIL':4} {row.milliseconds:7.0f}  {row.seen}"
        for row in rows
    ]
    failed = sum(not row.good for row in rows)
    return "\n".join([*lines, f"{len(rows)} checks, {failed} failed"])


def main() -> int:
    """Exit 1 when a check failed."""
    given = os.environ.get("FHIR_BASE_URL", "").rstrip("/")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        base = given or opened.enter_context(hapi(folder / "hapi.log"))
        rows = list(rounds(base, folder))
    click.echo(table(rows))
    return int(any(not row.good for row in rows))


if __name__ == "__main__":
    sys.exit(main())
