"""The application: wiring only. Every room gets here what it needs from the others."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response

from cds_hooks.openapi import openapi
from cds_hooks.ports import CompletePrefetch, Ports, Records, no_link, no_word
from cds_hooks.routes import create_blueprint
from ehr_access.apps import SmartEhrs
from ehr_access.client_keys import ClientKeys
from ehr_access.fhir_client import EhrReader
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_server.answers import NoRecords
from rpild_server.attesting import load_for_hook
from rpild_server.auditing import AuditTrail, pseudonyms
from rpild_server.hand_over import app_links
from rpild_server.logs import report
from rpild_server.measuring import measured
from rpild_server.metrics import CONTENT_TYPE, Meters
from rpild_server.own_reading import own_keys, own_reading
from rpild_server.passwords import PasswordCheck
from rpild_server.recording import StoredRecords
from rpild_server.rule_time import RuleWatch
from rpild_server.security import add_security_headers
from rpild_server.settings import Settings
from rpild_server.storage.per_process import PerProcess
from rpild_server.storing import Store
from rpild_server.traced import trace_requests, traced
from rpild_server.tracing import Traces
from rpild_server.trust import client_auth
from rpild_server.version import APP_VERSION


def wall_clock() -> datetime:
    """The time of evaluation, to the second: what the assessment shows is what was used."""
    return datetime.now(UTC).replace(microsecond=0)


def always_ready() -> bool:
    """A process that has loaded its knowledge needs nothing else."""
    return True


def create_app(
    settings: Settings,
    knowledge: Knowledge | None = None,
    now: Callable[[], datetime] = wall_clock,
    ready: Callable[[], bool] = always_ready,
    site: Path | None = None,
    store: Store | None = None,
    unsigned: str = "",
    client_keys: ClientKeys | None = None,
    meters: Meters | None = None,
    traces: Traces | None = None,
) -> Flask:
    """The plug-in as a WSGI application; `ready` tells whether /readyz may say so.

    `unsigned` names the EHR that calls without a token count as; empty, as in production, none is accepted.
    `client_keys` sign for the SMART app in place of those in the configured file. `meters` count for all processes;
    `traces` take spans, where a site wants them.
    """
    knowledge = knowledge or load_knowledge(site)
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # a redirect to the merged path would repeat the Host header
    # Flask would write a fault's traceback with its message, which may hold a patient's value; ours is in the report.
    app.logger.disabled = True
    registry = settings.registry()
    ehrs = SmartEhrs(registry, client_keys or own_keys(settings))
    meters = meters or Meters(APP_VERSION, knowledge.version)
    reader = EhrReader(registry, settings.limits(), lambda ehr, is_open: meters.circuit.labels(ehr).set(is_open))
    ports = _ports(settings, knowledge, now, store, unsigned, own_reading(reader, ehrs))
    ports = measured(ports, meters)
    if traces:
        trace_requests(app, traces)
        ports = traced(ports, traces)
    if settings.metrics:
        app.add_url_rule("/metrics", "metrics", lambda: Response(meters.page(), content_type=CONTENT_TYPE))
    app.register_blueprint(create_blueprint(ports))
    if store and any(each.smart for each in settings.ehrs):
        from rpild_server.smart_part import add_smart  # where no EHR launches the page it need not be loaded

        add_smart(app, settings, ports, store, ehrs, reader)
    if store and settings.admin_password_hash:
        from rpild_server.admin import Office, create_admin
        from rpild_server.report import names_of

        check = PasswordCheck(settings.admin_password_hash.get_secret_value())
        office = Office(store, now, knowledge, check, AuditTrail(store, now), names_of(settings))
        app.register_blueprint(create_admin(office))
    app.add_url_rule("/livez", "livez", lambda: _state(True))
    app.add_url_rule("/readyz", "readyz", lambda: _state(ready()))
    app.add_url_rule("/openapi.json", "openapi", lambda: Response(openapi(), content_type="application/json"))
    app.after_request(add_security_headers)
    return app


def _ports(
    settings: Settings,
    knowledge: Knowledge,
    now: Callable[[], datetime],
    store: Store | None,
    unsigned: str,
    reading: CompletePrefetch,
) -> Ports:
    registry, watch = settings.registry(), PerProcess(RuleWatch)
    return Ports(
        knowledge=knowledge,
        settings=settings.for_hooks(),
        auth=client_auth(settings, registry, store, unsigned),
        complete_prefetch=reading,
        load_attestations=load_for_hook(store),
        now=now,
        records=_records(settings, knowledge, now, store),
        report=report,
        audit=AuditTrail(store, now),
        correlation=lambda: str(uuid.uuid4()),
        settings_of={each.name: settings.for_hooks(each) for each in settings.ehrs},
        app_link=app_links(store, registry, (settings.public_base_url or "").rstrip("/")) if store else no_link,
        in_time=lambda work: watch()(work),
        pseudonym=pseudonyms(store) if store else no_word,
        foreign_server=registry.foreign_server,
    )


def _records(settings: Settings, knowledge: Knowledge, now: Callable[[], datetime], store: Store | None) -> Records:
    return StoredRecords(store, knowledge, report, now, settings.alert_memory) if store else NoRecords()


def _state(good: bool) -> Response:
    return Response(
        '{"status":"ok"}' if good else '{"status":"starting"}', 200 if good else 503, content_type="application/json"
    )
