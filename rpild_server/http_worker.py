"""gunicorn's worker, except that what is no readable HTTP request is answered as everything else is refused."""

from __future__ import annotations

import uuid
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn.http.errors import LimitRequestHeaders, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from cds_hooks.errors import LargeHeadersError, NoHttpError
from cds_hooks.failures import FHIR_JSON
from cds_hooks.hook_error import HookError
from cds_hooks.outcomes import outcome
from rpild_server.logs import report


class HttpWorker(ThreadWorker):  # type: ignore[misc]
    """Its log repeats nothing of such a request, since a header may hold a token."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        error, correlation = refusal_of(exc), str(uuid.uuid4())
        report("refused", code=error.code, status=error.status, correlation=correlation)
        with suppress(OSError):
            write_nonblock(client, on_the_wire(error, correlation))


def refusal_of(problem: ParseException) -> HookError:
    """The coded error for what the web server could not read."""
    if isinstance(problem, LimitRequestHeaders):
        return LargeHeadersError("The headers of the request are larger than this service reads.")
    return NoHttpError(f"The request cannot be read as HTTP/1.1 ({type(problem).__name__}).")


def on_the_wire(error: HookError, correlation: str) -> bytes:
    """The whole answer; the connection ends with it."""
    body = orjson.dumps(outcome(error))
    headers = {
        "Connection": "close",
        "Content-Type": FHIR_JSON,
        "Content-Length": str(len(body)),
        "X-Correlation-Id": correlation,
        "Cache-Control": "no-store",
    }
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}", *map(": ".join, headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
