"""The settings of a start are on record, once for each change, without secrets."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

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
