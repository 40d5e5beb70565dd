"""What `rpild serve` would refuse to start with, as far as that shows without a network and without making files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from fhir_mappings.site_mapping import SiteMappingError
from rpild_rules.knowledge import ParameterError, load_knowledge
from rpild_server.settings import Settings
from rpild_server.site_rules import serve_faults
from rpild_server.storage.audit import read_head
from rpild_server.storage.errors import BadSecretsError, OlderSchemaError, StorageError
from rpild_server.storage.place import refuse_place
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.store import open_storage


def start_faults(settings: Settings) -> Iterator[str]:
    """Each fault with file or key, and remedy."""
    yield from serve_faults(settings)
    yield from _knowledge_faults(settings)
    try:
        _look_at_data(settings)
    except BadSecretsError:
        return  # told among the others
    except StorageError as problem:
        yield str(problem)


def _knowledge_faults(settings: Settings) -> Iterator[str]:
    try:
        load_knowledge(settings.site_file)
        for each in (None, *settings.ehrs):
            settings.for_hooks(each)
    except (ParameterError, SiteMappingError) as problem:
        yield str(problem)


def _look_at_data(settings: Settings) -> None:
    """The place; and what lies there already must be of these secrets. A start migrates older tables."""
    place = settings.place()
    if place is None:
        return
    refuse_place(place)
    if settings.secrets_file is None or place.folder is None or not (place.folder / "records.sqlite3").exists():
        return
    try:
        storage = open_storage(place, load_secrets(settings.secrets_file))
    except OlderSchemaError:
        return
    with closing(storage), storage.engine.connect() as connection:
        read_head(connection, storage.keyring)
