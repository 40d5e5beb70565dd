"""The settings of a start are on record, once for each change, without secrets."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select, update

from rpild_server.passwords import hash_password
from rpild_server.settings import load_settings
from rpild_server.settings_note import note_start
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.tables import settings_history
from tests.recording.conftest import START, running


def test_a_change_is_kept_and_audited(tmp_path: Path) -> None:
    with running(tmp_path, f'admin_password_hash = "{hash_password("x")}"\nsilent_roles = ["b", "a", "c"]') as hospital:
        settings = load_settings(hospital.config)
        place = settings.place()
        assert place
        secrets = load_secrets(tmp_path / "secrets.toml")
        loud = settings.model_copy(update={"silent_mode": True})
        assert [note_start(each, place, secrets, START) for each in (settings, settings, loud)] == [True, False, True]
        assert len(hospital.log("settings")) == 2
        with hospital.store().engine.connect() as connection:
            first, _ = connection.execute(select(settings_history.c.content)).scalars()
        assert '"silent_roles":["a","b","c"]' in first
        assert "scrypt" not in first
        assert '"admin_password_hash":"given"' in first


def write_site(file: Path, flag: int) -> None:
    file.write_text(f'[override.ferritin_flag]\nvalue = {flag}\nauthor = "A"\nreason = "r"\ndate = 2026-11-01\n')


def test_a_changed_threshold_or_mapping_is_a_change(tmp_path: Path) -> None:
    site, mapping = tmp_path / "site.toml", tmp_path / "mapping.toml"
    named = f'site_file = "{site}"\nsite_mapping = "{mapping}"'
    write_site(site, 900)
    mapping.write_text("")
    with running(tmp_path, named) as hospital:
        settings = load_settings(hospital.config)
        place, secrets = settings.place(), load_secrets(tmp_path / "secrets.toml")
        assert place
        assert note_start(settings, place, secrets, START)
        write_site(site, 950)
        assert note_start(settings, place, secrets, START)
        mapping.write_text("# another")
        assert note_start(settings, place, secrets, START)
        mapping.unlink()
        assert note_start(settings, place, secrets, START)
        assert not note_start(settings, place, secrets, START)
        changed = [json.loads(each.what).get("changed") for each in hospital.log("settings")]
        assert changed == [None, "files.site_file overrides.ferritin_flag", "files.site_mapping", "files.site_mapping"]
        told = hospital.run("patient-calls", "main", "p1", "--since", "2026-11-22", "--until", "2026-11-23").stdout
        assert "changed files.site_file overrides.ferritin_flag, sha256 " in told
        assert hospital.run("audit", "verify").exit_code == 0


def test_settings_that_somebody_edited_are_no_hindrance(tmp_path: Path) -> None:
    with running(tmp_path) as hospital:
        settings = load_settings(hospital.config)
        place, secrets = settings.place(), load_secrets(tmp_path / "secrets.toml")
        assert place
        note_start(settings, place, secrets, START)
        with hospital.store().engine.begin() as connection:
            connection.execute(update(settings_history).values(sha256="", content="edited"))
        assert note_start(settings, place, secrets, START)
        assert '"changed":"unreadable"' in hospital.log("settings")[-1].what
