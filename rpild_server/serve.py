"""`rpild serve`: the production stack from one configuration file; it refuses to start rather than run unprotected."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from flask import Flask

from rpild_rules.knowledge import load_knowledge
from rpild_server.app import create_app
from rpild_server.canary import create_canary
from rpild_server.example_hosts import REMEDY, example_keys
from rpild_server.listening import refuse_place_in_use
from rpild_server.logs import report, warn
from rpild_server.loopback import from_here
from rpild_server.metrics import Meters, share_between_processes, shared_folder
from rpild_server.run import Service, make_ready, options
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.settings_note import note_start
from rpild_server.site_rules import serve_faults
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storing import Store, close_store, prepare_store
from rpild_server.tracing import Traces
from rpild_server.version import APP_VERSION
from rpild_server.worker_ends import note_end, note_orderly_end


def run_service(config: Path) -> None:
    """Serve until stopped. Raises SettingsError with every fault, SetupError for a storage that cannot be used."""
    settings = load_settings(config)
    faults = [f"{config}: {each}" for each in serve_faults(settings)]
    if faults:
        raise SettingsError("\n".join(faults))
    refuse_place_in_use(settings)
    store = _store(settings)
    gunicorn = options(settings.host, settings.port, settings.workers, settings.threads)
    gunicorn["when_ready"] = partial(_begin, settings=settings, config=config)  # as written: without the canary
    traces = Traces(settings.otlp_endpoint, APP_VERSION) if settings.otlp_endpoint else None
    meters = _meters(settings, gunicorn)
    gunicorn["worker_exit"] = lambda _server, worker: _close(store, traces, worker.pid)
    if settings.canary_minutes:
        settings = _with_canary(settings, gunicorn, meters)
    Service(lambda: _app(settings, store, meters, traces), gunicorn).run()


def _begin(arbiter: Any, settings: Settings, config: Path) -> None:
    """Tell the operator where the service listens, to whom, who is shown nothing, and what is nobody's address."""
    make_ready(arbiter)
    where, who = f"http://{settings.host}:{settings.port}", ", ".join(each.name for each in settings.ehrs)
    report("serving", at=where, ehr=who, silent=", ".join(settings.silent_ehrs()))
    if keys := example_keys(settings):
        warn("example-settings", why=f"{config}: {', '.join(keys)} still name hosts of the example. {REMEDY}")


def _close(store: Store, traces: Traces | None, pid: int) -> None:
    """A worker ends: what it still holds is written, and sent."""
    close_store(store)
    if traces:
        traces.close()
    note_orderly_end(shared_folder(), pid)


def _meters(settings: Settings, gunicorn: dict[str, Any]) -> Meters:
    """What all workers count in together, gone when the service ends."""
    folder = share_between_processes()
    gunicorn["on_exit"] = lambda _server: rmtree(folder, ignore_errors=True)
    meters = Meters(APP_VERSION, load_knowledge(settings.site_file).version)
    gunicorn["child_exit"] = lambda _server, worker: note_end(Path(folder), worker.pid, meters)
    return meters


def _with_canary(settings: Settings, gunicorn: dict[str, Any], meters: Meters) -> Settings:
    """The settings with the canary as one more EHR; each worker stands ready to send it."""
    listening = from_here(settings.host, settings.port)
    canary, record = create_canary(listening, settings.public_base_url or "", shared_folder(), settings.canary_minutes)
    gunicorn["post_worker_init"] = lambda _worker: canary.start(meters)
    return settings.model_copy(update={"ehrs": (*settings.ehrs, record)})


def _store(settings: Settings) -> Store:
    """The storage that the rules of the site have found to be named."""
    place, secrets_file = settings.place(), settings.secrets_file
    assert place is not None and secrets_file is not None  # noqa: S101, PT018
    secrets = load_secrets(secrets_file)
    store = prepare_store(place, secrets)
    note_start(settings, place, secrets, datetime.now(UTC))
    return store


def _app(settings: Settings, store: Store, meters: Meters, traces: Traces | None) -> Flask:
    return create_app(
        settings,
        meters=meters,
        traces=traces,
        site=settings.site_file,
        store=store,
        ready=lambda: store().trouble(datetime.now(UTC)) is None,
    )
