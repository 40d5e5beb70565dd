"""The settings a service starts with, on record: whoever turns silent mode off leaves a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Set
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from rpild_server.operating import WAIT_SECONDS, knowledge_of, operator
from rpild_server.payload import overrides_of
from rpild_server.settings import Settings
from rpild_server.storage.batch import Batch
from rpild_server.storage.crypt import Secrets
from rpild_server.storage.place import Place
from rpild_server.storage.secrets_match import compare, marks_of
from rpild_server.storage.settings_history import note_settings
from rpild_server.storage.store import open_storage

HIDDEN = "given"


def note_start(settings: Settings, place: Place, secrets: Secrets, now: datetime) -> bool:
    """Keep the settings if they differ from the last ones; raises SetupError and RecordStoreError.

    Marks of the secrets are kept with them, so that a start with other secrets is refused from then on; and digests of
    the site's own files and of the knowledge, since another threshold is as much a change as another setting.
    """
    storage = open_storage(place, secrets)
    content = plain(settings.model_dump()) | marks_of(storage.keyring) | knowledge_marks(settings)

    def note(batch: Batch) -> bool:
        compare(batch.connection, batch.keyring)  # of two hosts that start for the first time together, the second
        return note_settings(batch, content, operator(), now)

    try:
        changed: bool = storage.writer.run(note, WAIT_SECONDS)
    finally:
        storage.close()
    return changed


def knowledge_marks(settings: Settings) -> dict[str, object]:
    """Version and SHA-256 of the knowledge, the site's own values, SHA-256 of its files (empty: unreadable)."""
    knowledge = knowledge_of(settings)
    files = {"site_file": settings.site_file, "site_mapping": settings.site_mapping}
    files |= {f"site_mapping of {each.name}": each.site_mapping for each in settings.ehrs}
    return {
        "knowledge": {"version": knowledge.version, "sha256": knowledge.sha256},
        "overrides": overrides_of(knowledge),
        "files": {name: _sha256(path) for name, path in files.items() if path},
    }


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def plain(value: Any) -> Any:
    """As JSON, always in the same order; a secret is only told to be given."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, Set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, SecretStr):
        return HIDDEN
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
