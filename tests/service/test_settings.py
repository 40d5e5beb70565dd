"""Settings: safe defaults, every source, refusals that name place and remedy and never repeat the value."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ehr_access.registry import KeyPlace
from rpild_server.ehr_settings import EhrSettings
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.settings_list import settings_list


def test_a_new_site_is_silent_and_closed() -> None:
    settings = load_settings()
    assert (settings.silent_mode, settings.expose_assessment, settings.cors_origins, settings.ehrs) == (
        True,
        False,
        frozenset(),
        (),
    )


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text(
        'silent_mode = false\nsite_timezone = "Europe/Berlin"\nlab_offers = ["kl6"]\n'
        '[[ehrs]]\nname = "one"\nfhir_bases = ["https://ehr.example/fhir/"]\n'
        'iss = "https://ehr.example"\njwks_file = "keys.json"\n'
    )
    settings = load_settings(file)
    hooks = settings.for_hooks()
    assert (hooks.silent_mode, hooks.zone, hooks.lab_offers) == (False, ZoneInfo("Europe/Berlin"), frozenset({"kl6"}))
    found = settings.registry().find_by_issuer("https://ehr.example", "")
    assert found is not None
    assert (found.name, found.trusts("https://ehr.example/fhir")) == ("one", True)
    assert found.keys == KeyPlace(tmp_path / "keys.json")


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text("max_cards = 1\nexpose_assessment = true\n")
    monkeypatch.setenv("RPILD_MAX_CARDS", "2")
    settings = load_settings(file, silent_mode=False)
    assert (settings.max_cards, settings.expose_assessment, settings.silent_mode) == (2, True, False)


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("silent = true", "silent", "known settings: silent_mode"),
        ('max_cards = "many"', "max_cards", "correct this value"),
        ("max_cards = 0", "max_cards", "greater than or equal to 1"),
        ("max_body_bytes = 999999999", "max_body_bytes", "less than or equal"),
        ('site_timezone = "Mars/Base"', "site_timezone", "Europe/Berlin"),
        ('cors_origins = ["https://ehr.example/path"]', "cors_origins", "pattern"),
        ('cors_origins = ["*"]', "cors_origins", "pattern"),
        ('[[ehrs]]\nname = "x"\nfhir_bases = ["ftp://e"]', "ehrs.0.fhir_bases.0", "pattern"),
        ('[[ehrs]]\nname = "x"\nfhir_bases = ["https://user@e/fhir"]', "ehrs.0.fhir_bases.0", "pattern"),
        ('[[ehrs]]\nname = "x"\niss = "https://e"', "ehrs.0", "jwks_file or jwks_url"),
        ('[[ehrs]]\nname = "x"\njwks_url = "https://e/keys"', "ehrs.0", "keys need an iss"),
        ('[[ehrs]]\nname = "x"\nfhir_bases = ["http://127.0.0.1/fhir"]', "ehrs.0", "allow_http_loopback"),
        ('[[ehrs]]\nname = "x"\nfhir_base = ["https://e/fhir"]', "ehrs.0.fhir_base", "did you mean fhir_bases?"),
        ('[[ehrs]]\nname = "x"\nmetrics = false', "ehrs.0.metrics", "move it above the first [[ehrs]]"),
        ('[[ehrs]]\nname = "x"\ncolour = 1', "ehrs.0.colour", "known settings of an EHR: name, vendor, iss"),
        ('[[ehrs]]\nname = "x"\nfhir_bases = "https://e/fhir"', "ehrs.0.fhir_bases", "a list is wanted"),
        ("silent_mod = true", "silent_mod", "did you mean silent_mode?"),
        ('jwks_url = "https://e/keys"', "jwks_url", "move it below its [[ehrs]]"),
        ('public_base_url = "http://rpild.example"', "public_base_url", "write https"),
        ('[[ehrs]]\nname = "x"\n[[ehrs]]\nname = "x"', "ehrs", "each needs its own"),
    ],
)
def test_a_fault_is_told_with_file_key_and_remedy(tmp_path: Path, text: str, key: str, remedy: str) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as fault:
        load_settings(file)
    assert str(file) in str(fault.value)
    assert key in str(fault.value)
    assert remedy in str(fault.value)


def test_a_fault_in_the_environment_names_the_variable_not_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPILD_READ_SECONDS", "canary")
    with pytest.raises(SettingsError, match="environment RPILD_READ_SECONDS") as fault:
        load_settings()
    assert "canary" not in str(fault.value)


def test_a_slip_in_the_environment_is_refused_and_what_is_somebody_elses_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RPILD_SERVICE_HOST", "10.0.0.1")
    load_settings()
    monkeypatch.setenv("RPILD_SILENT_MOD", "true")
    with pytest.raises(SettingsError, match="RPILD_SILENT_MOD: no such setting; did you mean RPILD_SILENT_MODE"):
        load_settings()


@pytest.mark.parametrize("content", [b"max_cards = ", b"\xff\xfe"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rpild.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="readable TOML"):
        load_settings(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        load_settings(tmp_path / "absent.toml")


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_is_documented_as_it_is_read(root: Path) -> None:
    page = (root / "docs/settings.md").read_text(encoding="utf-8")
    assert page == settings_list(), "write it anew: python -m rpild_server.settings_list > docs/settings.md"
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]+) \| ([^|]+) \|", page, re.MULTILINE)
    assert [name for name, _, _ in rows] == [*Settings.model_fields, *EhrSettings.model_fields]
    told = {name: (default, allowed) for name, default, allowed in reversed(rows)}
    assert told["max_cards"] == ("`3`", "1 to 10")
    assert told["read_seconds"] == ("`2.6`", "above 0, at most 3")
    assert told["retention_days"] == ("`2190`", "1 or more")
    assert told["fhir_bases"] == ("none", "list: an address")
    assert told["access"] == ("`online_access`", "`online_access`, `offline_access`, empty")
    assert told["name"] == ("required", "text")
    assert told["site_mapping"] == ("none", "a file or folder")
    assert rows[-1][:2] == ("site_mapping", "the site's")
    assert all(field.description for field in EhrSettings.model_fields.values())


def test_who_is_shown_no_card() -> None:
    ehrs = ({"name": "one"}, {"name": "two", "silent_mode": False}, {"name": "three", "silent_mode": True})
    assert load_settings(silent_mode=True, ehrs=ehrs).silent_ehrs() == ["one", "three"]
    assert load_settings(silent_mode=False, ehrs=ehrs).silent_ehrs() == ["three"]
