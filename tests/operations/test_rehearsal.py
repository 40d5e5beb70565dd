"""The rehearsal of docs/registering.md: its example is what `rpild serve` accepts and what the demo EHR is."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner

from rpild_server.cli import main
from rpild_server.demo import Addresses, demo_settings
from rpild_server.settings import load_settings
from rpild_server.site_rules import serve_faults
from rpild_server.version import APP_VERSION
from tests.conftest import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "demo-ehr.toml"


def test_after_init_the_example_can_be_served(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    shutil.copy(EXAMPLE, tmp_path / "rpild.toml")
    assert list(serve_faults(load_settings(tmp_path / "rpild.toml"))) == []


def test_it_knows_the_demo_ehr_where_it_is() -> None:
    (known,), (real,) = load_settings(EXAMPLE).ehrs, demo_settings(Addresses(8090), ()).ehrs
    assert (known.iss, known.jwks_url) == (real.iss, real.jwks_url)
    assert set(known.fhir_bases) <= set(real.fhir_bases)


def test_the_program_tells_its_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"rpild {APP_VERSION}\n"
