"""The HTTP endpoints as a Flask blueprint: discovery, the services, feedback."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache, partial
from typing import IO

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from cds_hooks.call import evaluate
from cds_hooks.client_auth import Client, identity
from cds_hooks.cors import allow_origin
from cds_hooks.discovery import Service, discovery, find_service
from cds_hooks.errors import (
    BodyTooLargeError,
    CompressedBodyError,
    HookOffError,
    SlowBodyError,
    UnreadableBodyError,
    WrongMediaTypeError,
)
from cds_hooks.failures import answer_error, answer_http_error
from cds_hooks.feedback import BODY_LIMIT, read_feedback
from cds_hooks.hook_error import HookError
from cds_hooks.hook_request import read_request
from cds_hooks.ports import Ports

JSON = "application/json"
TOO_LARGE = "The body is larger than this service reads."


def create_blueprint(ports: Ports) -> Blueprint:
    """The endpoints below /cds-services; errors of the whole app are answered in the same form."""
    blueprint = Blueprint("cds_hooks", __name__, url_prefix="/cds-services")
    blueprint.add_url_rule("", "discover", partial(discover, ports=ports), methods=["GET"])
    blueprint.add_url_rule("/<service_id>", "call", partial(call, ports=ports), methods=["POST"])
    blueprint.add_url_rule("/<service_id>/feedback", "feedback", partial(feedback, ports=ports), methods=["POST"])
    blueprint.app_errorhandler(HookError)(partial(answer_error, ports=ports))
    blueprint.app_errorhandler(HTTPException)(partial(answer_http_error, ports=ports))
    blueprint.before_app_request(lambda: setattr(g, "correlation", ports.correlation()))
    blueprint.after_app_request(partial(_finish, ports=ports))
    return blueprint


def discover(ports: Ports) -> Response:
    """What services there are and what they would like to have prefetched. Open to all; a token is checked if sent."""
    if "Authorization" not in request.headers:
        return Response(discovery(ports.settings.prefetch_profile), content_type=JSON)
    client = _caller("", ports)
    profile = ports.for_ehr(client.name).settings.prefetch_profile
    return Response(discovery(profile, frozenset(client.hooks)), content_type=JSON)


def call(service_id: str, ports: Ports) -> Response:
    """One hook call: the stored bytes if it is a repetition, else evaluated anew."""
    service, client = _called(service_id, "", ports)
    ports = ports.for_ehr(client.name)
    body = read_body(ports.settings.max_body_bytes)
    hook_request = replace(read_request(body, service.id, service.hook), iss=identity(client), ehr=client.name)
    g.patient_id = hook_request.patient_id
    digest = cache(lambda: hashlib.sha256(body).hexdigest())  # most calls never need it
    known = ports.records.find(hook_request, digest)
    if known is not None:
        ports.report("repeated", service=service.id, correlation=g.correlation)
        return Response(known, content_type=JSON)
    return Response(evaluate(hook_request, ports, g.correlation, digest), content_type=JSON)


def feedback(service_id: str, ports: Ports) -> Response:
    """Keep feedback and acknowledge it; unknown and foreign cards are answered alike."""
    service, client = _called(service_id, "/feedback", ports)
    said, malformed = read_feedback(read_body(BODY_LIMIT))
    known = ports.records.save_feedback(identity(client), said)
    counts = {"read": len(said), "known": known, "malformed": malformed}
    ports.report("feedback", service=service.id, correlation=g.correlation, **counts)
    return Response(b"{}", content_type=JSON)


def _called(service_id: str, below: str, ports: Ports) -> tuple[Service, Client]:
    """The service and the EHR that calls it; raises UnknownServiceError, UnknownCallerError or HookOffError."""
    service = find_service(service_id)
    client = _caller(f"/{service.id}{below}", ports)
    if service.hook not in client.hooks:
        raise HookOffError("This service is switched off for the calling EHR.")
    return service, client


def _caller(below: str, ports: Ports) -> Client:
    """Who calls the address below /cds-services; its own spelling of host and path does not matter."""
    client = ports.auth.identify(request.headers.get("Authorization", ""), f"/cds-services{below}", ports.now())
    g.ehr, g.iss = client.name, identity(client)
    return client


def read_body(limit: int) -> bytes:
    """The body of a JSON request; raises WrongMediaTypeError, CompressedBodyError, BodyTooLargeError, SlowBodyError."""
    if request.mimetype != JSON:
        raise WrongMediaTypeError("The body is not announced as application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise CompressedBodyError("The body is compressed.")
    if (request.content_length or 0) > limit:
        raise BodyTooLargeError(TOO_LARGE)
    try:
        body = _wire(limit)
    except (BlockingIOError, TimeoutError):
        raise SlowBodyError("The body stopped arriving before its end.") from None
    except OSError:
        raise UnreadableBodyError("The body broke off, or its chunks are malformed.") from None
    if len(body) > limit:
        raise BodyTooLargeError(TOO_LARGE)
    return body


def _wire(limit: int) -> bytes:
    """The bytes sent, one more than allowed at most. Flask would cut a body without a length at its limit, silently."""
    source: IO[bytes] = request.environ["wsgi.input"]
    if request.content_length is not None:
        return source.read(request.content_length)
    return source.read(limit + 1) if request.environ.get("wsgi.input_terminated") else b""


def _finish(answer: Response, ports: Ports) -> Response:
    answer.headers["X-Correlation-Id"] = g.correlation
    return allow_origin(answer, ports.settings.cors_origins)
