"""`rpild check`: one row for each thing looked at; status 1 when one is at fault."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from rpild_server.cli import main


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
