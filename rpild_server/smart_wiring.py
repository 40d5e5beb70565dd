"""Wiring of launch and page: registered apps, our keys, the store of launches, the settings of each EHR."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from cds_hooks.failures import where
from cds_hooks.ports import Audit
from ehr_access.apps import SmartEhrs
from ehr_access.fhir_client import EhrReader
from ehr_access.registry import TrustedEhr
from rpild_rules.knowledge import Knowledge
from rpild_server.assets import asset_url
from rpild_server.attesting import whose
from rpild_server.handed_over import StoredHandOvers
from rpild_server.logs import report
from rpild_server.settings import Settings
from rpild_server.storage.errors import StorageError
from rpild_server.storage.launches import LaunchRow, LaunchRows
from rpild_server.storing import Store
from smart_app.errors import PageStoreError
from smart_app.launch_store import PENDING_SECONDS, Limits
from smart_app.ports import AppSettings, SmartPorts

Outcome = TypeVar("Outcome")
COOKIE = "__Host-rpild"
MINUTE, HOUR = 60, 3600
SWEEP_SECONDS = 300
NO_LIMITS = Limits()


def smart_ports(
    settings: Settings,
    ehrs: SmartEhrs,
    reader: EhrReader,
    knowledge: Knowledge,
    now: Callable[[], datetime],
    store: Store,
    audit: Audit,
) -> SmartPorts:
    """Everything that launch and page need."""
    base = (settings.public_base_url or "").rstrip("/")
    limits = Limits(settings.session_idle_minutes * MINUTE, settings.session_hours * HOUR)

    def pseudonym(ehr: TrustedEhr, patient: str) -> str:
        return str(on_store(store, lambda storage: storage.keyring.pseudonym(whose(ehr), patient)))

    return SmartPorts(
        knowledge=knowledge,
        now=now,
        correlation=lambda: str(uuid.uuid4()),
        base_url=base,
        cookie=cookie_name(base),
        ehrs=ehrs,
        rows=StoredLaunches(store, limits),
        reader=reader,
        pseudonym=pseudonym,
        report=report,
        audit=audit,
        limits=limits,
        asset=asset_url,
        place_of=where,
        hand_overs=StoredHandOvers(store),
        settings_of={each.name: app_settings(settings, each.name) for each in settings.ehrs if each.smart},
    )


def cookie_name(base: str) -> str:
    """The browser's handle; with a port in its name where several services of one host share their cookies."""
    port = urlsplit(base).port
    return f"{COOKIE}-{port}" if port else COOKIE


def app_settings(settings: Settings, name: str) -> AppSettings:
    """The page's settings for an EHR: the same as those of its hook calls."""
    ehr = next(each for each in settings.ehrs if each.name == name)
    own = settings.for_hooks(ehr)
    return AppSettings(
        own.zone, own.site, own.patient_form, own.lab_offers, own.max_cards, own.pathway_flag_codes, ehr.resource_url
    )


def on_store(store: Store, do: Callable[..., Outcome]) -> Outcome:
    """What `do` gets from the storage; a storage that fails is a page of its own."""
    try:
        return do(store())
    except StorageError as problem:
        report("store-failed", code=problem.code)
        raise PageStoreError(f"The store of launches failed ({problem.code}).") from None


class StoredLaunches:
    """The rows of launches as the page sees them; now and then those that have expired are removed."""

    def __init__(self, store: Store, limits: Limits = NO_LIMITS) -> None:
        self._store = store
        self._limits = limits
        self._swept = time.monotonic()

    def _on(self, do: Callable[[LaunchRows], Outcome]) -> Outcome:
        return on_store(self._store, lambda storage: do(storage.launches))

    def begin(self, state: str, browser: str, content: bytes, expires: int) -> None:
        self._on(lambda rows: rows.begin(state, browser, content, expires))
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            now = expires - PENDING_SECONDS
            self._on(lambda rows: rows.purge(now, now - self._limits.idle, now - self._limits.absolute))

    def take(self, state: str, now: int) -> tuple[str, bytes] | None:
        return self._on(lambda rows: rows.take(state, now))

    def add(self, id: str, browser: str, patient: str, content: bytes, tokens: bytes, now: int) -> None:
        self._on(lambda rows: rows.add(id, browser, patient, content, tokens, now))

    def find(self, id: str) -> LaunchRow | None:
        return self._on(lambda rows: rows.find(id))

    def touch(self, id: str, now: int) -> None:
        self._on(lambda rows: rows.touch(id, now))

    def lease(self, id: str, version: int, now: int, until: int) -> bool:
        return self._on(lambda rows: rows.lease(id, version, now, until))

    def release(self, id: str, version: int) -> None:
        self._on(lambda rows: rows.release(id, version))

    def renew(self, id: str, version: int, tokens: bytes) -> bool:
        return self._on(lambda rows: rows.renew(id, version, tokens))

    def remove(self, id: str) -> bool:
        return self._on(lambda rows: rows.remove(id))
