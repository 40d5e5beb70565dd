"""Faults of the FHIR server: answers that come late, wrong, broken, or about somebody else."""

from __future__ import annotations

import json
import time

from flask import Response

from ehr_sandbox.faults import Faults
from ehr_sandbox.fhir_json import FHIR_JSON, Json, outcome, patient_of
from ehr_sandbox.records import Records

LONGEST_SECONDS = 60.0
SHORT_PAGE = "2"


def ill_answer(faults: Faults, kind: str) -> Response | None:
    """What is answered in place of the data if a fault is on, after the wait if one is on."""
    late = faults.get("slow")
    if late:
        time.sleep(min(float(late), LONGEST_SECONDS))
    wait = faults.get("too-many")
    if wait is not None:
        return _answer(429, "throttled", {"Retry-After": wait})
    if faults.hits("html", kind):
        return Response("<!doctype html><title>Sign in</title><p>Please sign in.", 200, content_type="text/html")
    return _status_answer(faults, kind)


def _status_answer(faults: Faults, kind: str) -> Response | None:
    if faults.hits("unauthorized", kind):
        return _answer(401, "login", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if faults.hits("forbidden", kind):
        return _answer(403, "forbidden")
    if faults.hits("error", kind):
        return _answer(500, "exception")
    return _answer(200, "processing") if faults.hits("outcome", kind) else None


def _answer(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    body = outcome(code, "this fault was switched on in the demo EHR")
    return Response(json.dumps(body), status, headers or {}, content_type=FHIR_JSON)


def paging_answer(faults: Faults, kind: str, query: list[tuple[str, str]]) -> Response | None:
    """The failure of a page after the first."""
    later = any(name == "_offset" and value not in ("", "0") for name, value in query)
    return _answer(500, "exception") if later and faults.hits("broken-page", kind) else None


def shortened(faults: Faults, kind: str, query: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The query with pages so short that there is a second one."""
    if not faults.hits("broken-page", kind):
        return query
    return [*(pair for pair in query if pair[0] != "_count"), ("_count", SHORT_PAGE)]


def spoilt(faults: Faults, kind: str, bundle: Json, records: Records, patient: str) -> Json:
    """A search result with another patient's resource in it, or with a next page on another server."""
    if faults.hits("wrong-patient", kind):
        others = [each for each in records.of_type(kind) if patient_of(each) not in ("", patient)]
        strange = [{"resource": each, "search": {"mode": "match"}} for each in others[:1]]
        bundle = bundle | {"entry": [*bundle.get("entry", []), *strange]}
    foreign = faults.get("foreign-next")
    if foreign:
        links = [link for link in bundle["link"] if link["relation"] != "next"]
        bundle = bundle | {"link": [*links, {"relation": "next", "url": f"{foreign}/{kind}?page=2"}]}
    return bundle
