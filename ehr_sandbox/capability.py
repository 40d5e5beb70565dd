"""What this FHIR server says of itself: the CapabilityStatement, derived from the table of search parameters."""

from __future__ import annotations

from datetime import datetime

from ehr_sandbox.clock import instant
from ehr_sandbox.fhir_json import FHIR_JSON, Json
from ehr_sandbox.search import offered


def capability_statement(base: str, now: datetime) -> Json:
    """R4, read and search only, open (no authorization yet)."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(now),
        "kind": "instance",
        "software": {"name": "Demo EHR (synthetic data, not for care)"},
        "implementation": {"description": "Demo EHR", "url": base},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "rest": [{"mode": "server", "resource": [_resource(kind, families) for kind, families in offered().items()]}],
    }


def _resource(kind: str, families: Json) -> Json:
    parameters = [{"name": name, "type": family} for family, names in families.items() for name in names]
    interactions = [{"code": "read"}, {"code": "search-type"}]
    return {
        "type": kind,
        "interaction": interactions,
        "searchParam": sorted(parameters, key=lambda each: str(each["name"])),
    }
