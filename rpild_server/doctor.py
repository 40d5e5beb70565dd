"""`rpild doctor`: is this site fit to run? Everything that a start and a day of running depend on, looked at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from rpild_rules.knowledge import ParameterError, load_knowledge
from rpild_server.counted import counted
from rpild_server.diagnosis import Row, guarded, ok
from rpild_server.doctor_of_calls import look_at_calls
from rpild_server.doctor_of_data import look_at_data
from rpild_server.doctor_of_ehrs import look_at_ehr
from rpild_server.doctor_of_service import look_at_service
from rpild_server.doctor_of_settings import look_at_settings
from rpild_server.settings import Settings, SettingsError, load_settings
from rpild_server.storage.errors import OlderSchemaError, OtherSecretsError, StorageError
from rpild_server.storage.place import Place
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.store import Storage, open_storage

OLD_SECRET_DAYS = 365
LITTLE, TOO_LITTLE = 5 * 2**30, 2**30  # bytes free on the disk of the data


def diagnose(config: Path, now: datetime) -> Iterator[Row]:
    """All rows, what is local first; nothing of a patient is read."""
    try:
        settings = load_settings(config)
    except SettingsError as problem:
        yield Row("fault", "settings", str(problem), "Correct the file; docs/settings.md explains each.")
        return
    yield from look_at_settings(settings, config)
    yield from guarded("knowledge", lambda: _knowledge(settings), (ParameterError,), "Correct the site file.")
    yield from _secrets(settings, now)
    yield from guarded(
        "storage", lambda: _storage(settings, now), (StorageError, SQLAlchemyError), "See docs/errors.md."
    )
    yield from look_at_service(settings)
    for ehr in settings.ehrs:
        yield from look_at_ehr(ehr, settings, now)


def _knowledge(settings: Settings) -> Iterator[Row]:
    found = load_knowledge(settings.site_file)
    yield ok("knowledge", f"version {found.version}, sha256 {found.sha256[:16]}")
    for each in found.overrides:
        yield Row(
            "warn",
            "knowledge",
            f"{each.name} = {each.value} in place of {each.default}",
            f"By {each.author}, {each.date}.",
        )


def _secrets(settings: Settings, now: datetime) -> Iterator[Row]:
    """A fault of the file is among those of the settings."""
    file = settings.secrets_file
    if file is None or not file.exists():
        return
    days = (now - datetime.fromtimestamp(file.stat().st_mtime, UTC)).days
    old = days > OLD_SECRET_DAYS
    text = f"{file.name} was last changed {counted(days, 'day')} ago"
    yield (
        Row("warn", "secrets", text, "Add a new key and name it in current; keep the old ones.")
        if old
        else ok("secrets", text)
    )


def _storage(settings: Settings, now: datetime) -> Iterator[Row]:
    place = settings.place()
    if place is None or settings.secrets_file is None:
        return
    try:
        storage = open_storage(place, load_secrets(settings.secrets_file))
    except OlderSchemaError as problem:
        yield Row("warn", "storage", str(problem), "`rpild serve` brings the tables to the newest form when it starts.")
        return
    except OtherSecretsError as problem:
        yield Row("fault", "secrets", f"{problem.code}: {problem.cause}", problem.remedy)
        return
    try:
        trouble = storage.trouble(now)
        kind = "PostgreSQL" if place.is_postgres else f"SQLite in {place.folder}"
        yield (
            Row("fault", "storage", str(trouble), "See docs/errors.md.")
            if trouble
            else ok("storage", f"{kind}, newest tables")
        )
        yield from _disk(place)
        yield from look_at_data(storage)
        yield from _switches(storage)
        yield from look_at_calls(storage, settings, now)
    finally:
        storage.close()


def _disk(place: Place) -> Iterator[Row]:
    if place.folder is None:
        return
    free = shutil.disk_usage(place.folder).free
    text = f"{free / 2**30:.1f} GiB free at {place.folder}"
    if free >= LITTLE:
        yield ok("disk", text)
    else:
        remedy = (
            "Without room nothing can be recorded, and calls are answered 503. Make room, or shorten retention_days."
        )
        yield Row("fault" if free < TOO_LITTLE else "warn", "disk", text, remedy)


def _switches(storage: Storage) -> Iterator[Row]:
    found = storage.switches.current()
    if not found:
        yield ok("switches", "nothing is switched off or silent")
    for each in found:
        where = (
            " ".join(filter(None, (each.scope.ehr, each.scope.hook, each.scope.topic, each.scope.unit))) or "everything"
        )
        yield Row("warn", "switches", f"{where} is {each.state}", "`rpild switch on` with the same options ends it.")


def worst(rows: list[Row]) -> int:
    """The exit status: 1 if there is a fault."""
    return int(any(each.level == "fault" for each in rows))
