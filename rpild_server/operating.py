"""The storage of a site as its commands open it: by the configuration of `rpild serve`."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.store import Storage, open_storage

WAIT_SECONDS = 30.0
configured = click.option(
    "--config",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file (TOML).",
)


@contextmanager
def opened(config: Path) -> Iterator[tuple[Settings, Storage]]:
    """Settings and open storage; raises SettingsError and SetupError."""
    settings = load_settings(config)
    place = settings.place()
    if place is None or settings.secrets_file is None:
        raise SettingsError(f"{config}: data_folder (or database_url) and secrets_file are needed; name both.")
    storage = open_storage(place, load_secrets(settings.secrets_file))
    try:
        yield settings, storage
    finally:
        storage.close()


def knowledge_of(settings: Settings) -> Knowledge:
    """The clinical knowledge that the site serves."""
    return load_knowledge(settings.site_file)


def operator() -> str:
    """Who gives a command: the name of the account."""
    return getpass.getuser()
