"""`rpild check`: one row for each thing looked at; status 1 when one is at fault."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rpild_server.cli import main
from rpild_server.counted import counted
from rpild_server.example_hosts import example_keys
from rpild_server.initial import write_initial
from rpild_server.settings import Settings


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_what_is_shipped_is_in_order() -> None:
    result = run()
    assert result.exit_code == 0
    assert [row.split(":")[0] for row in result.output.splitlines()] == [
        "ok    parameters",
        "ok    card texts",
        "ok    code tables",
        "ok    settings",
    ]


def test_every_fault_is_told_and_the_status_is_one(tmp_path: Path) -> None:
    site, config = tmp_path / "site.toml", tmp_path / "rpild.toml"
    site.write_text('[override.unheard_of]\nvalue = "1"\nauthor = "A"\nreason = "r"\ndate = 2026-11-01\n')
    config.write_text("max_cards = 0\n")
    result = run("--site", site, "--config", config)
    assert result.exit_code == 1
    faults = [row for row in result.output.splitlines() if row.startswith("fault")]
    assert ["site.toml" in faults[0], "rpild.toml" in faults[1]] == [True, True]
    assert "ok    code tables" in result.output


def test_a_sites_overrides_are_listed(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[override.fvc_fall_pct]\nvalue = "15"\nauthor = "A"\nreason = "why"\ndate = 2026-11-01\n')
    result = run("--site", site)
    assert result.exit_code == 0
    assert "fvc_fall_pct = 15" in result.output
    assert "(A, 2026-11-01: why)" in result.output


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    assert run("--config", tmp_path / "absent.toml").exit_code == 2


def test_what_init_wrote_is_pointed_out_until_it_is_changed(tmp_path: Path) -> None:
    config, _ = write_initial(tmp_path, date(2026, 11, 24))
    result = run("--config", config)
    assert result.exit_code == 0
    warned = [row for row in result.output.splitlines() if row.startswith("warn ")]
    assert len(warned) == 1
    assert f"{config}: public_base_url, ehrs.0.iss, ehrs.0.jwks_url, ehrs.0.fhir_bases still name" in warned[0]
    config.write_text(re.sub(r"[a-z.]+\.example", "ehr.test", config.read_text()))
    assert "warn " not in run("--config", config).output


@pytest.mark.parametrize(
    ("address", "example"),
    [
        ("https://a.example", True), ("https://a.example:8443/fhir/R4", True), ("https://a.example.org/fhir", True),
        ("https://example.com", True), ("https://example.hospital.org", False), ("https://my-example.org", False),
        ("", False), ("urn:example", False),
    ],
)  # fmt: skip
def test_hosts_of_examples_are_those_kept_for_documents(address: str, example: bool) -> None:
    settings = Settings(ehrs=[{"name": "main", "iss": address, "jwks_file": "k"}] if address else [])
    assert example_keys(settings) == (("ehrs.0.iss",) if example else ())


def test_numbers_agree_with_their_noun() -> None:
    assert [counted(1, "patient"), counted(2, "patient"), counted(0, "entry", "entries")] == [
        "1 patient", "2 patients", "0 entries",
    ]  # fmt: skip
