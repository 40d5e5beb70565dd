"""What this FHIR server says of itself: the CapabilityStatement, derived from the table of search parameters."""

from __future__ import annotations

from datetime import datetime

from ehr_sandbox.clock import instant
from ehr_sandbox.fhir_json import FHIR_JSON, Json, coded
from ehr_sandbox.search import offered
from ehr_sandbox.writing import NEEDED

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
ENDPOINTS = {"authorize": "authorization_endpoint", "token": "token_endpoint", "revoke": "revocation_endpoint"}


def capability_statement(base: str, now: datetime, authorization: Json | None) -> Json:
    """R4; with the SMART configuration given, security and writing are told too, else all is open and read-only."""
    resources = [_resource(kind, families, bool(authorization)) for kind, families in offered().items()]
    rest: Json = {"mode": "server"} | ({"security": _security(authorization)} if authorization else {})
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(now),
        "kind": "instance",
        "software": {"name": "Demo EHR (synthetic data, not for care)"},
        "implementation": {"description": "Demo EHR", "url": base},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "rest": [rest | {"resource": resources}],
    }


def _security(configuration: Json) -> Json:
    """SMART by name, and its addresses in the extension that older apps read."""
    addresses = [{"url": name, "valueUri": configuration[key]} for name, key in ENDPOINTS.items()]
    service = coded("restful-security-service", "SMART-on-FHIR")
    return {"extension": [{"url": OAUTH_URIS, "extension": addresses}], "service": [service]}


def _resource(kind: str, families: Json, writing: bool) -> Json:
    parameters = [{"name": name, "type": family} for family, names in families.items() for name in names]
    codes = ["read", "search-type", *(["create", "update"] if writing and kind in NEEDED else [])]
    written = {"conditionalCreate": True, "updateCreate": False} if "create" in codes else {}
    return {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        **written,
        "searchParam": sorted(parameters, key=lambda each: str(each["name"])),
    }
