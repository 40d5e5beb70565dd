"""Reads whose course is of interest beside their answer: how `rpild check-ehr` looks at an EHR from outside."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import requests
from urllib3.exceptions import HTTPError

from ehr_access.addresses import resolve
from ehr_access.budget import Deadline, Limits
from ehr_access.transport import ACCEPT, open_session, read_capped

OK = 200
SECONDS = 30.0
ELSEWHERE = "leads to another place than the FHIR base"
TOO_MUCH = "sends too much, or too slowly"


@dataclass(frozen=True, slots=True)
class Measured:
    """How one GET went: the status (0 where no whole answer came; `fault` says why), seconds, the decoded body."""

    status: int
    seconds: float = 0.0
    body: bytes = field(default=b"", repr=False)
    fault: str = ""

    @property
    def good(self) -> bool:
        return self.status == OK

    @property
    def told(self) -> str:
        """The status or what went wrong, in words."""
        return f"status {self.status}" if self.status else self.fault


class Examiner:
    """GETs below one FHIR base (no closing slash), one after the other; no redirect, proxy or cookie is heeded."""

    def __init__(self, base: str, token: str = "", seconds: float = SECONDS) -> None:
        self.base = base
        self._token = token
        self._seconds = seconds
        self._limits = Limits()
        self._session = open_session(self._limits)

    def get(self, link: str, accept: str = ACCEPT) -> Measured:
        """One read; the token goes nowhere but below the base."""
        address = resolve(self.base, link)
        if address is None:
            return Measured(0, fault=ELSEWHERE)
        begun = time.perf_counter()
        try:
            status, body = self._get(address, accept)
        except (requests.RequestException, HTTPError, OSError, ValueError) as problem:
            return Measured(0, time.perf_counter() - begun, fault=f"cannot be reached ({type(problem).__name__})")
        seconds = time.perf_counter() - begun
        return Measured(0, seconds, fault=TOO_MUCH) if body is None else Measured(status, seconds, body)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, address: str, accept: str) -> tuple[int, bytes | None]:
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        with self._session.get(
            address, headers=headers, timeout=self._seconds, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code, read_capped(answer, self._limits.max_bytes, Deadline(self._seconds))
