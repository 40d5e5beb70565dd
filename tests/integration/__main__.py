"""`make integration FHIR_BASE_URL=...`: the plug-in against a FHIR R4 server that others wrote; prints a table.

Without FHIR_BASE_URL it starts HAPI FHIR by itself. Our synthetic patients are loaded where the server lets us, and
removed again; else patients found there are read. Nothing of a patient is printed but ids. RPILD_LAUNCHER_URL names a
SMART launcher and RPILD_CDS_CLIENT_URL a CDS Hooks client for the browser, both in front of the same FHIR server;
docs/integration.md tells how.
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
from tests.integration.fronting import fronted, launcher_of
from tests.integration.hapi_server import hapi
from tests.integration.in_client import shown
from tests.integration.launching import launched
from tests.integration.rounds import Charted, Row, hooked, searched, timed
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
            charted = Charted(patient, chart, {})
            yield from searched(base, patient, charted.pages)
            yield from hooked(stack, base, charted, folder)
        yield from _in_front(base, {id: folder / f"{id}.json" if chart else None for id, chart in charts.items()})


def _in_front(base: str, files: dict[str, Path | None]) -> Iterator[Row]:
    """What people see: the page by a launch, and the cards in a client that others wrote."""
    some = dict(list(files.items())[:EXAMINED])
    with fronted(base) as front:
        yield from launched(os.environ.get("RPILD_LAUNCHER_URL") or launcher_of(front), some)
        client = os.environ.get("RPILD_CDS_CLIENT_URL")
        if client:
            yield from shown(client, f"{front}/fhir", list(some))


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
