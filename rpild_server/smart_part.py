"""Launch and page in the application, loaded only where an EHR launches them."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from cds_hooks.ports import Ports
from ehr_access.apps import SmartEhrs
from ehr_access.fhir_client import EhrReader
from ehr_access.fhir_writer import EhrWriter
from rpild_server.assets import create_assets_blueprint
from rpild_server.page_stores import with_stores
from rpild_server.settings import Settings
from rpild_server.smart_wiring import smart_ports
from rpild_server.storing import Store
from smart_app.routes import create_smart_blueprint


def add_smart(app: Flask, settings: Settings, hooks: Ports, store: Store, ehrs: SmartEhrs, reader: EhrReader) -> None:
    """They walk the same middle as the hooks, with the same knowledge, clock and limit of time."""
    ports = smart_ports(settings, ehrs, reader, hooks.knowledge, hooks.now, store, hooks.audit)
    ports = replace(ports, in_time=hooks.in_time)
    app.register_blueprint(create_assets_blueprint())
    app.register_blueprint(
        create_smart_blueprint(with_stores(ports, store, EhrWriter(ehrs.registry, settings.limits())))
    )
