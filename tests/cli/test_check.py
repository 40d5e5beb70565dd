"""`rpild check`: one row for each thing looked at; status 1 when one is at fault."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rpild_server.cli import main
from rpild_server.counted import counted
from rpild_server.example_hosts import example_keys
from rpild_server.initial import write_initial
from rpild_server.settings import Settings, load_settings
from rpild_server.settings_note import note_start
from rpild_server.storage.schema import migrate
from rpild_server.storage.secrets_file import load_secrets, new_secrets_text
from tests.cli.serving import ISS, write_site


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


NO_START = {
    "no secrets": ({"secrets_file": '"absent.toml"'}, ("RPILD-SECRETS", "absent.toml")),
    "no such keys": ({"ehrs": f'[{{name = "a", iss = "{ISS}", jwks_file = "absent.json"}}]'}, ("ehrs.0.jwks_file",)),
    "keys that are none": ({"ehrs": f'[{{name = "a", iss = "{ISS}", jwks_file = "rpild.toml"}}]'}, ("jwks_file",)),
    "nobody signs": (
        {"ehrs": '[{name = "a", smart = true, client_id = "c", fhir_bases = ["http://127.0.0.1:9/fhir"]}]'},
        ("no EHR with an iss", "client_keys_file: missing"),
    ),
    "several hosts": ({"hosts": "2"}, ("RPILD-STORE-HOSTS",)),
    "no place": ({"data_folder": ""}, ("data_folder: missing",)),
    "no folder": ({"data_folder": '"keys.json"'}, ("RPILD-STORE-UNWRITABLE", "keys.json is no folder")),
    "no database": ({"database_url": '"mysql://x/y"'}, ("RPILD-STORE-URL",)),
    "no site file": ({"site_file": '"absent-site.toml"'}, ("absent-site.toml",)),
    "no mapping": ({"site_mapping": '"absent-mapping.toml"'}, ("absent-mapping.toml",)),
}


@pytest.mark.parametrize(("changed", "said"), NO_START.values(), ids=NO_START)
def test_what_serve_would_refuse_is_a_fault(tmp_path: Path, changed: dict[str, str], said: tuple[str, ...]) -> None:
    config = write_site(tmp_path, 8499, 8498, **changed)
    before = sorted(tmp_path.rglob("*"))
    result = run("--config", config)
    faults = [row for row in result.output.splitlines() if row.startswith("fault start: ")]
    assert (result.exit_code, [any(each in row for row in faults) for each in said]) == (1, [True] * len(said))
    assert sorted(tmp_path.rglob("*")) == before, "nothing is made"


def test_secrets_that_others_may_read_are_a_fault(tmp_path: Path) -> None:
    config = write_site(tmp_path, 8499, 8498)
    assert "ok    start: `rpild serve` finds no fault here" in run("--config", config).output
    (tmp_path / "secrets.toml").chmod(0o644)
    assert "chmod 600" in run("--config", config).output


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_site(tmp_path, 8499, 8498)
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
    assert f"{tmp_path} cannot be written by this user" in run("--config", config).output


def test_data_of_other_secrets_are_a_fault_and_older_tables_none(tmp_path: Path) -> None:
    config = write_site(tmp_path, 8499, 8498)
    settings = load_settings(config)
    place, secrets = settings.place(), load_secrets(tmp_path / "secrets.toml")
    assert place
    migrate(place)
    note_start(settings, place, secrets, datetime(2026, 11, 24, tzinfo=UTC))
    assert run("--config", config).exit_code == 0
    (tmp_path / "secrets.toml").write_text(new_secrets_text(date(2026, 11, 24)))
    result = run("--config", config)
    assert (result.exit_code, "RPILD-SECRETS-OTHER" in result.output) == (1, True)
    with closing(sqlite3.connect(tmp_path / "data/records.sqlite3")) as connection, connection:
        connection.execute("UPDATE records_version SET version_num = 'r0001'")
    assert run("--config", config).exit_code == 0
