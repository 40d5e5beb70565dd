"""HAPI FHIR, a server that this project did not write: all our patients behind it, and statements written to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
import requests

from ehr_access.budget import Limits
from ehr_access.fhir_client import EhrReader
from ehr_access.fhir_writer import EhrWriter, FhirWrites, WriteOutcome
from ehr_access.registry import Registry, TrustedEhr
from ehr_sandbox.charting import load_patients
from fhir_mappings.attestation_drafts import IDENTIFIER, ComparedCt, Statement, attestation, withdrawn
from fhir_mappings.attestations import TABLE
from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.queries import searches
from fhir_mappings.reads import Answer
from fhir_mappings.write_answers import found_as, is_statement, read_json, version_of
from tests.integration.__main__ import EXAMINED, rounds, table
from tests.integration.hapi_server import hapi

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FRESH = {"Cache-Control": "no-cache"}
KNOWN = ("Patient/p1", "Practitioner/d1", "ImagingStudy/a", "ImagingStudy/b")
VALUES: dict[str, Any] = {
    "hrct-increase-percent": Decimal("25.5"), "respiratory-onset": "2026-11", "treatment-response": "stable",
}  # fmt: skip


class Permission:
    """An open server takes any token."""

    token, expires_in = "none", 300.0

    def __init__(self, server: str) -> None:
        self.server = server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with hapi(Path(tmp_path_factory.mktemp("hapi")) / "hapi.log") as base:
        for reference in KNOWN:
            kind, id = reference.split("/")
            study = {"status": "available", "subject": {"reference": "Patient/p1"}} if kind == "ImagingStudy" else {}
            body = {"resourceType": kind, "id": id} | study
            assert requests.put(f"{base}/{reference}", json=body, timeout=60).ok
        yield base


def writes(base: str) -> FhirWrites:
    found = EhrWriter(Registry([TrustedEhr("hapi", (base,))]), Limits(seconds=20)).open(Permission(base), "hapi")
    assert found
    return found


def stated(code: str, id: str) -> dict[str, Any]:
    compared = (ComparedCt("ImagingStudy/a", "2026-10"), ComparedCt("ImagingStudy/b", "2026-11-20"))
    pair = compared if TABLE[code].get("compares") else ()
    return attestation(Statement(code, VALUES.get(code, True), id, "p1", "Practitioner/d1", "Dr D", NOW, pair))


def sent(base: str, observation: dict[str, Any]) -> str:
    body = json.dumps({name: value for name, value in observation.items() if name != "id"}).encode()
    written = writes(base).create(body, f"{IDENTIFIER}|{observation['id']}")
    assert written.outcome is WriteOutcome.WRITTEN, written
    assert written.id
    return written.id


def as_read(base: str) -> Mapping[str, Answer]:
    """The statements as the plug-in reads them, just after others were read: nothing comes from a server's memory."""
    reading = EhrReader(Registry([TrustedEhr("hapi", (base,))]), Limits(seconds=20)).open(Permission(base), "hapi")
    assert reading
    return reading(searches("p1", NOW, ["attestations"]), 1)


def test_every_search_every_hook_and_the_page_hold(server: str, tmp_path: Path) -> None:
    rows = list(rounds(server, tmp_path))
    click.echo(table(rows))
    assert not [row for row in rows if not row.good]
    hooks = [row for row in rows if row.check.startswith(("order-sign", "patient-view"))]
    assert len(hooks) == 4 * len(load_patients())
    assert any(row.check == "search laboratory" and "more pages" in row.seen for row in rows)
    assert any("combinationTherapy" in row.seen for row in hooks)
    pages = [row for row in rows if row.check == "launch and page"]
    assert len(pages) == EXAMINED
    assert all("says what the chart in a file says" in row.seen for row in pages)
    left = requests.get(f"{server}/Patient?_summary=count", headers=FRESH, timeout=60).json()
    assert left["total"] == 1, "what was loaded is removed"


@pytest.mark.parametrize("code", TABLE)
def test_a_statement_is_kept_once_and_read_back(server: str, code: str) -> None:
    observation = stated(code, f"rpild-{code}")
    first = sent(server, observation)
    assert sent(server, observation) == first
    assert found_as(writes(server).read(f"Observation?identifier={IDENTIFIER}|rpild-{code}"), f"rpild-{code}", "p1")
    found = read_chart(as_read(server), ChartContext("p1", NOW, UTC)).facts.attestations
    (said,) = [each for each in found if each.code == code]
    assert (said.reference, said.by_clinician) == (f"Observation/{first}", True)
    assert said.value is not None


def test_only_the_version_that_was_read_is_withdrawn(server: str) -> None:
    id = sent(server, stated("causes-excluded", "rpild-to-withdraw"))
    present = read_json(writes(server).read(f"Observation/{id}"))
    assert is_statement(present, f"Observation/{id}", "p1")
    gone = json.dumps(withdrawn(present, "Practitioner/d1", "", NOW)).encode()
    assert writes(server).replace(id, gone, version_of(present)).outcome is WriteOutcome.WRITTEN
    assert writes(server).replace(id, gone, version_of(present)).outcome is WriteOutcome.CONFLICT
    after = read_json(writes(server).read(f"Observation/{id}"))
    assert (after["status"], after["id"]) == ("entered-in-error", id)


def test_what_the_server_refuses_is_told_apart(server: str) -> None:
    for body in (b"{", b'{"resourceType": "Patient"}'):
        assert writes(server).create(body, f"{IDENTIFIER}|rpild-strange").outcome is WriteOutcome.INVALID
    query = f"Observation?identifier={IDENTIFIER}|rpild-strange"
    assert found_as(writes(server).read(query), "rpild-strange", "p1") == ""
