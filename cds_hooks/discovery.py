"""What the services are: read once from services.toml, with the prefetch templates that the code tables call for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from cds_hooks.errors import UnknownServiceError
from fhir_mappings.queries import templates

SERVICES = Path(__file__).with_name("services.toml")


@dataclass(frozen=True, slots=True)
class Service:
    """One announced service; `announcement` is its entry in the discovery answer."""

    id: str
    hook: str
    announcement: dict[str, Any]


@cache
def services() -> dict[str, Service]:
    """All services by id, in the order announced."""
    rows = tomllib.loads(SERVICES.read_text(encoding="utf-8"))["service"]
    return {row["id"]: Service(row["id"], row["hook"], row | {"prefetch": dict(templates(row["id"]))}) for row in rows}


def find_service(service_id: str) -> Service:
    """The service of this id; raises UnknownServiceError."""
    found = services().get(service_id)
    if found is None:
        raise UnknownServiceError("No CDS service has this id.")
    return found


@cache
def discovery() -> bytes:
    """The answer to GET /cds-services, as JSON."""
    return orjson.dumps({"services": [each.announcement for each in services().values()]})
