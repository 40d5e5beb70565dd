"""Who read and wrote what at the FHIR server: the latest requests in memory, tokens only as a mark."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from dataclasses import dataclass
from threading import Lock
from urllib.parse import unquote

from flask import Blueprint, Response, g, request

from ehr_sandbox.clock import instant, utc_now

KEPT = 2000


@dataclass(frozen=True)
class FhirCall:
    """One request and how it was answered. `mark` is the same for requests with the same token; empty without one."""

    at: str
    method: str
    path: str
    status: int
    milliseconds: int
    size: int
    mark: str
    patient: str


def mark_of(token: str) -> str:
    """What stands for a token where it must not be shown."""
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else ""


class AccessLog:
    """The latest requests, the oldest forgotten first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: deque[FhirCall] = deque(maxlen=KEPT)

    def note(self, call: FhirCall) -> None:
        with self._lock:
            self._calls.append(call)

    def with_mark(self, mark: str) -> tuple[FhirCall, ...]:
        """In order, those that came with this token; none for an empty mark."""
        return tuple(each for each in self._all() if mark and each.mark == mark)

    def about(self, patient: str) -> tuple[FhirCall, ...]:
        """The latest first, those whose token is bound to this patient."""
        return tuple(each for each in reversed(self._all()) if each.patient == patient)

    def _all(self) -> list[FhirCall]:
        with self._lock:
            return list(self._calls)

    def watch(self, fhir: Blueprint) -> None:
        """Note every request to a blueprint; who sees which patient is known once the gate has been passed."""

        @fhir.before_app_request
        def begin() -> None:
            g.began = time.perf_counter()

        @fhir.after_request
        def end(response: Response) -> Response:
            self.note(_call(response))
            return response


def _call(response: Response) -> FhirCall:
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    query = f"?{unquote(request.query_string.decode())}" if request.query_string else ""
    return FhirCall(
        instant(utc_now()),
        request.method,
        request.path + query,
        response.status_code,
        round((time.perf_counter() - g.began) * 1000),
        response.calculate_content_length() or 0,
        mark_of(token),
        str(g.get("patient", "")),
    )
