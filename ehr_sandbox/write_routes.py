"""Addresses for writing: POST and PUT of the few types that this EHR takes from apps."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from ehr_sandbox.fhir_json import FHIR_JSON, outcome
from ehr_sandbox.fhir_routes import Door, answer
from ehr_sandbox.records import Records
from ehr_sandbox.writing import NEEDED, WriteError, Written, create, update

WRITABLE = f"<any({', '.join(NEEDED)}):kind>"


def add_writing(fhir: Blueprint, records: Records, door: Door) -> None:
    """Routes for Observation and ServiceRequest on a FHIR blueprint that is behind a door with tokens."""

    @fhir.post(f"/{WRITABLE}")
    def make(kind: str) -> Response:
        access = door.access()
        _ready(door)
        return _told(door, create(records, access, kind, request.get_data(), request.headers.get("If-None-Exist", "")))

    @fhir.put(f"/{WRITABLE}/<identity>")
    def replace(kind: str, identity: str) -> Response:
        access = door.access()
        _ready(door)
        matching = request.headers.get("If-Match", "")
        return _told(door, update(records, access, kind, identity, request.get_data(), matching))

    @fhir.errorhandler(WriteError)
    def unwritten(problem: WriteError) -> Response:
        return answer(outcome(problem.code, str(problem)), problem.status)


def _ready(door: Door) -> None:
    """Whether this request can be a write at all. Raises WriteError."""
    status = door.faults.get("no-writing")
    if status:
        raise WriteError(int(status), "processing", "this fault was switched on in the demo EHR")
    if request.mimetype not in (FHIR_JSON, "application/json"):
        raise WriteError(415, "not-supported", f"send {FHIR_JSON}")


def _told(door: Door, written: Written) -> Response:
    """The resource as it now stands, with its address and version."""
    resource = written.resource
    version = resource["meta"]["versionId"]
    response = answer(resource, 201 if written.created else 200)
    address = f"{door.base}/{resource['resourceType']}/{resource['id']}"
    response.headers["Location"] = f"{address}/_history/{version}"
    response.headers["ETag"] = f'W/"{version}"'
    response.last_modified = datetime.fromisoformat(resource["meta"]["lastUpdated"])
    return response
