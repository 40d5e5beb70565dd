"""Tokens of our own, without a user (Backend Services): for calls that bring none, where a registration says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from ehr_access.apps import SmartEhrs
from ehr_access.discovery import DiscoveryError
from ehr_access.oauth import TokenFailedError, TokenRefusedError
from ehr_access.registry import TrustedEhr
from ehr_access.token_answer import TokenAnswerError

EARLY_SECONDS = 30
RETRY_SECONDS = 30
LONGEST_SECONDS = 300  # what SMART expects of such a token; a longer life is not used


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """Our own permission to read at an EHR, in the form that the reader takes."""

    server: str
    expires_in: float
    token: str = field(repr=False)


@dataclass(slots=True)
class _Kept:
    """One token; `until` and `tried` are monotonic times."""

    token: str = field(default="", repr=False)
    until: float = float("-inf")
    tried: float = float("-inf")
    lock: Lock = field(default_factory=Lock)


class ServiceTokens:
    """Our tokens by EHR and scopes, never mixed with those of users; a new one before the old one ends."""

    def __init__(
        self, ehrs: SmartEhrs, scope: str, report: Callable[..., None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ehrs = ehrs
        self._scope = scope
        self._report = report
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = Lock()

    def access(self, name: str) -> ServiceAccess | None:
        """What we may read at an EHR by ourselves; None where that is not registered, or no token is to be had now."""
        ehr = self._ehrs.find(name)
        if ehr is None or ehr.smart is None or not ehr.smart.backend_services:
            return None
        kept = self._of(ehr)
        with kept.lock:
            if kept.until - self._clock() < EARLY_SECONDS and self._clock() - kept.tried >= RETRY_SECONDS:
                self._ask(ehr, kept)
            left = kept.until - self._clock()
            return ServiceAccess(ehr.fhir_bases[0], left, kept.token) if left > 0 else None

    def renew(self, name: str, stale: str) -> str | None:
        """Another token than one that the EHR does not accept any more."""
        ehr = self._ehrs.find(name)
        if ehr is None:
            return None
        kept = self._of(ehr)
        with kept.lock:
            if kept.token == stale:
                self._ask(ehr, kept)
            return kept.token if kept.token != stale and kept.until > self._clock() else None

    def _of(self, ehr: TrustedEhr) -> _Kept:
        with self._lock:
            return self._kept.setdefault((ehr.name, self._scope), _Kept())

    def _ask(self, ehr: TrustedEhr, kept: _Kept) -> None:
        kept.tried = self._clock()
        try:
            grant = self._ehrs.with_token_endpoint(ehr, ehr.fhir_bases[0], lambda oauth: oauth.for_service(self._scope))
        except (TokenFailedError, TokenRefusedError, TokenAnswerError, DiscoveryError) as problem:
            self._report("no-service-token", ehr=ehr.name, why=type(problem).__name__)
            return
        kept.token = grant.access_token
        kept.until = self._clock() + min(grant.expires_in, LONGEST_SECONDS)
