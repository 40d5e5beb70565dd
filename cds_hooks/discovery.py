"""What the services are: read once from services.toml, with the prefetch templates that the code tables call for."""

from __future__ import annotations

import tomllib
from collections.abc import Set
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
def services(profile: str = "generic") -> dict[str, Service]:
    """All services by id, in the order announced; the profile says which prefetch templates the EHR can fill."""
    rows = tomllib.loads(SERVICES.read_text(encoding="utf-8"))["service"]
    prefetch = {row["id"]: dict(templates(row["id"], profile)) for row in rows}
    return {row["id"]: Service(row["id"], row["hook"], row | {"prefetch": prefetch[row["id"]]}) for row in rows}


@cache
def hooks() -> frozenset[str]:
    """The hooks that services are offered for."""
    return frozenset(each.hook for each in services().values())


def find_service(service_id: str) -> Service:
    """The service of this id; raises UnknownServiceError."""
    found = services().get(service_id)
    if found is None:
        raise UnknownServiceError("No CDS service has this id.")
    return found


@cache
def discovery(profile: str = "generic", offered: Set[str] | None = None) -> bytes:
    """The answer to GET /cds-services, as JSON; for an EHR that is known, only the hooks switched on for it."""
    wanted = hooks() if offered is None else offered
    return orjson.dumps({"services": [each.announcement for each in services(profile).values() if each.hook in wanted]})
