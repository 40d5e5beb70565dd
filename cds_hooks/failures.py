"""Errors out: every refusal and every fault as an OperationOutcome with its correlation id, logged without values."""

from __future__ import annotations

from pathlib import Path

import orjson
from flask import Response, g
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from cds_hooks.errors import (
    BodyTooLargeError,
    InternalError,
    UnknownPathError,
    UnreadableBodyError,
    WrongMethodError,
)
from cds_hooks.hook_error import HookError
from cds_hooks.outcomes import outcome
from cds_hooks.ports import Ports

FHIR_JSON = "application/fhir+json"
UNAUTHORIZED, INTERNAL = 401, 500
UNANSWERED = frozenset({400, 412, INTERNAL})  # of a known EHR: somebody may ask why there was no card
BY_STATUS: dict[int | None, tuple[type[HookError], str]] = {
    400: (UnreadableBodyError, "The request could not be read."),
    404: (UnknownPathError, "There is nothing at this address."),
    405: (WrongMethodError, "This address does not take this method."),
    413: (BodyTooLargeError, "The body is larger than this service reads."),
    INTERNAL: (InternalError, "The service failed while it handled this call."),
}


def answer_error(error: HookError, ports: Ports) -> Response:
    """The OperationOutcome of a coded error; a caller that is not known gets a 401 without a body."""
    ports.report("refused", code=error.code, status=error.status, correlation=g.correlation, **error.known)
    if error.fault:
        ports.report("fault", fault=error.fault, correlation=g.correlation)
    who = g.get("ehr", "")
    if error.audited or (who and error.status in UNANSWERED):
        ports.audit("refused", who, code=error.code, correlation=g.correlation, **error.known, **_about(error, ports))
    if error.status == UNAUTHORIZED:
        return _unauthorized()
    answer = Response(orjson.dumps(outcome(error)), error.status, content_type=FHIR_JSON)
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _about(error: HookError, ports: Ports) -> dict[str, str]:
    """The patient of a call that was let in, as a pseudonym, if the call came so far."""
    patient_id = error.patient_id or g.get("patient_id", "")
    return {"patient": ports.pseudonym(g.iss, patient_id)} if patient_id else {}


def _unauthorized() -> Response:
    """The same for every reason."""
    answer = Response(status=UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
    del answer.headers["Content-Type"]
    return answer


def answer_http_error(problem: HTTPException, ports: Ports) -> Response:
    """The same for what the web framework refuses."""
    error, text = BY_STATUS.get(problem.code, BY_STATUS[INTERNAL])
    cause = getattr(problem, "original_exception", None)
    if cause is not None:
        ports.report("fault", fault=where(cause), correlation=g.correlation)
    answer = answer_error(error(text), ports)
    if isinstance(problem, MethodNotAllowed) and problem.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(problem.valid_methods))
    return answer


def where(cause: BaseException) -> str:
    """Kind and place of a fault; its message is left out, since it may repeat a patient value."""
    place = cause.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    spot = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
    return f"{type(cause).__name__}{spot}"
