"""Writing to the record: attestations as Observations, suggested orders as ServiceRequests, for one patient's app."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ehr_sandbox.authorization.access import Access, ForbiddenError
from ehr_sandbox.fhir_json import Json, patient_of
from ehr_sandbox.records import Records
from ehr_sandbox.search import offered, search

LARGEST = 64 * 1024
NEEDED = {
    "Observation": ("status", "code", "subject"),
    "ServiceRequest": ("status", "intent", "code", "subject"),
}
ANY_TIME = {"entered-in-error", "unknown"}
STATUSES = {
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled"} | ANY_TIME,
    "ServiceRequest": {"draft", "active", "on-hold", "revoked", "completed"} | ANY_TIME,
}
TRIAL = {"token": "x", "reference": "Patient/x", "date": "2026"}
VERSION = re.compile(r'(?:W/)?"(\d+)"')


class WriteError(ValueError):
    """What cannot be written: the HTTP status, FHIR's issue code, and the words."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Written:
    """The resource as it now stands, and whether it is new."""

    resource: Json
    created: bool


def create(records: Records, access: Access, kind: str, text: bytes, if_none_exist: str) -> Written:
    """Keep a new resource under an id of ours; with If-None-Exist only if its search finds nothing.

    Raises WriteError, ForbiddenError, SearchError.
    """
    access.demand(kind, "c")
    resource = _checked(access, kind, text, "c")
    with records.writing:
        found = _existing(records, access, kind, if_none_exist)
        if found:
            return Written(found, False)
        return Written(records.put(resource | {"id": str(uuid.uuid4())}), True)


def _existing(records: Records, access: Access, kind: str, condition: str) -> Json | None:
    """The one resource within reach that meets the condition. Raises WriteError if there are several."""
    query = parse_qsl(condition.removeprefix("?"), keep_blank_values=True)
    within = [each for each in records.of_type(kind) if patient_of(each) == access.patient or not access.patient]
    found = search(within, kind, query) if query else []
    if len(found) > 1:
        raise WriteError(412, "multiple-matches", "If-None-Exist finds more than one resource")
    return found[0] if found else None


def update(records: Records, access: Access, kind: str, identity: str, text: bytes, if_match: str) -> Written:
    """Replace a resource that is here; nothing new comes into being. Raises WriteError, ForbiddenError."""
    access.demand(kind, "u")
    resource = _checked(access, kind, text, "u")
    if resource.get("id") != identity:
        raise WriteError(400, "invalid", "the id in the body differs from the address")
    with records.writing:
        present = records.read(kind, identity)
        if present is None or not access.reaches(present, "u"):
            raise WriteError(404, "not-found", f"{kind}/{identity} is not in this record")
        if if_match and _version(if_match) != present["meta"]["versionId"]:
            raise WriteError(412, "conflict", "the resource has changed since it was read")
        return Written(records.put(resource), False)


def _version(header: str) -> str:
    match = VERSION.fullmatch(header.strip())
    return match[1] if match else ""


def _checked(access: Access, kind: str, text: bytes, letter: str) -> Json:
    resource = _parsed(text)
    if resource.get("resourceType") != kind:
        raise WriteError(400, "invalid", f"the body is not a {kind}")
    missing = [name for name in NEEDED[kind] if not resource.get(name)]
    if missing:
        raise WriteError(422, "required", f"{kind} needs {', '.join(missing)}")
    if str(resource["status"]) not in STATUSES[kind]:
        raise WriteError(422, "code-invalid", f"{kind} knows no such status")
    if not isinstance(resource["subject"], dict) or resource["subject"].get("reference") != _reference(resource):
        raise WriteError(422, "value", "subject must be a relative reference to a Patient")
    if not is_well_shaped(kind, resource):
        raise WriteError(422, "structure", "an element has not the shape that R4 gives it")
    if not access.reaches(resource, letter):
        raise ForbiddenError("the token does not allow writing this resource: another patient, or outside its scopes")
    return resource


def _reference(resource: Json) -> str:
    return f"Patient/{patient_of(resource)}"


def is_well_shaped(kind: str, resource: Json) -> bool:
    """Whether every search of this EHR can read the resource: what cannot be searched would break later searches."""
    trials = [(name, TRIAL[family]) for family, names in offered()[kind].items() for name in names]
    try:
        for trial in trials:
            search([resource | {"id": "x"}], kind, [trial])
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError):
        return False
    return resource.get("resourceType") == kind and isinstance(resource.get("code"), dict)


def _parsed(text: bytes) -> Json:
    if len(text) > LARGEST:
        raise WriteError(413, "too-long", f"a resource may have {LARGEST} bytes")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise WriteError(400, "structure", "the body is not JSON") from problem
    if not isinstance(body, dict):
        raise WriteError(400, "structure", "the body is not a JSON object")
    return body
