"""The plug-in with all our synthetic patients behind HAPI FHIR, a server that this project did not write."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from ehr_sandbox.charting import load_patients
from tests.integration.__main__ import rounds, table
from tests.integration.hapi_server import hapi

pytestmark = pytest.mark.slow


def test_every_search_and_every_hook_holds_against_hapi_fhir(tmp_path: Path) -> None:
    with hapi(tmp_path / "hapi.log") as base:
        rows = list(rounds(base, tmp_path))
    click.echo(table(rows))
    assert not [row for row in rows if not row.good]
    hooks = [row for row in rows if row.check.startswith(("order-sign", "patient-view"))]
    assert len(hooks) == 4 * len(load_patients())
    assert any(row.check == "search laboratory" and "more pages" in row.seen for row in rows)
    assert any("combinationTherapy" in row.seen for row in hooks)
