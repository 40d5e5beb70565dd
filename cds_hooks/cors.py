"""Cross-origin answers for browser-based EHRs: only to configured origins, never with credentials."""

from __future__ import annotations

from flask import Response, request

ALLOWED_HEADERS = "Authorization, Content-Type"
ALLOWED_METHODS = "GET, POST, OPTIONS"
PATH = "/cds-services"


def allow_origin(answer: Response, origins: frozenset[str]) -> Response:
    """Name the caller's origin in the answer if it is configured; errors and preflights included."""
    if not origins or not request.path.startswith(PATH):
        return answer
    answer.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin in origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        answer.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        answer.headers["Access-Control-Expose-Headers"] = "X-Correlation-Id"
    return answer
