"""`rpild serve`: the production stack from one configuration file; it refuses to start rather than run unprotected."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from flask import Flask

from rpild_server.app import create_app
from rpild_server.metrics import forget_process, share_between_processes
from rpild_server.run import Service, options
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.settings_note import note_start
from rpild_server.site_rules import serve_faults
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storing import Store, close_store, prepare_store


def run_service(config: Path) -> None:
    """Serve until stopped. Raises SettingsError with every fault, SetupError for a storage that cannot be used."""
    settings = load_settings(config)
    faults = [f"{config}: {each}" for each in serve_faults(settings)]
    if faults:
        raise SettingsError("\n".join(faults))
    store = _store(settings)
    gunicorn = options(settings.host, settings.port, settings.workers, settings.threads)
    gunicorn["worker_exit"] = lambda _server, _worker: close_store(store)
    if settings.metrics:
        folder = share_between_processes()
        gunicorn["child_exit"] = lambda _server, worker: forget_process(worker.pid)
        gunicorn["on_exit"] = lambda _server: rmtree(folder, ignore_errors=True)
    Service(lambda: _app(settings, store), gunicorn).run()


def _store(settings: Settings) -> Store:
    """The storage that the rules of the site have found to be named."""
    place, secrets_file = settings.place(), settings.secrets_file
    assert place is not None and secrets_file is not None  # noqa: S101, PT018
    secrets = load_secrets(secrets_file)
    store = prepare_store(place, secrets)
    note_start(settings, place, secrets, datetime.now(UTC))
    return store


def _app(settings: Settings, store: Store) -> Flask:
    return create_app(
        settings,
        site=settings.site_file,
        store=store,
        ready=lambda: store().trouble(datetime.now(UTC)) is None,
    )
