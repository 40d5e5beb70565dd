"""Writing an Observation to a trusted FHIR server: pinned to its base, once, and nothing repeated that may be done."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

import requests
from urllib3.exceptions import HTTPError

from ehr_access.addresses import resolve
from ehr_access.budget import Deadline, Limits
from ehr_access.fhir_client import Access
from ehr_access.registry import Registry
from ehr_access.transport import ACCEPT, REFUSED, UNAUTHORIZED, ReadError, Renew, Transport, open_session, read_capped
from fhir_mappings.write_answers import kept_as
from rpild_rules.findings import Reason

GOOD, SEVERAL = frozenset({200, 201}), 412
NOT_BEGUN = frozenset({429, 503})  # by these a server says that it did nothing
CONFLICTS = frozenset({409, 412})
MOST_BYTES = 1024 * 1024
PAUSE = 0.2  # seconds, where a busy server names none
CLIENT_FAULTS = range(300, 500)


class WriteOutcome(StrEnum):
    """`unheard`: no answer, or one that does not tell whether the resource was written."""

    WRITTEN = "written"
    REFUSED = "refused"
    INVALID = "invalid"
    CONFLICT = "conflict"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Written:
    """How a write ended; `id` is the EHR's, empty where it did not tell. `status` 0: no answer came."""

    outcome: WriteOutcome
    id: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class FhirWrites:
    """Writes and reads of one act of a user, below one FHIR base."""

    session: requests.Session
    base: str
    token: str = field(repr=False)
    limits: Limits
    deadline: Deadline
    renew: Renew | None = None

    def create(self, observation: bytes, identifier: str) -> Written:
        """POST an Observation unless the EHR has one of this identifier (`system|value`).

        Sent again only where the server said that it did nothing: token not accepted (renewed once), too busy.
        """
        headers = {"If-None-Exist": f"identifier={quote(identifier, safe='')}", "Prefer": "return=minimal"}
        found = self._write("POST", "Observation", observation, headers)
        if found.status == SEVERAL:  # it is there, more than once: nothing to add
            return Written(WriteOutcome.WRITTEN, status=found.status)
        return found

    def replace(self, id: str, observation: bytes, version: str) -> Written:
        """PUT an Observation in place of this version of it (empty: whatever is there)."""
        headers = {"If-Match": f'W/"{version}"'} if version else {}
        return self._write("PUT", f"Observation/{quote(id, safe='')}", observation, headers)

    def read(self, relative: str) -> bytes:
        """One resource or search below the base; raises ReadError."""
        address = resolve(self.base, relative)
        if address is None:
            raise ReadError(Reason.FETCH_FAILED)
        return Transport(self.session, self.token, self.limits, self.renew).get(address, self.deadline)

    def _write(self, method: str, relative: str, body: bytes, headers: Mapping[str, str]) -> Written:
        token = self.token
        found, wait = self._once(method, relative, body, headers, token)
        if found.status == UNAUTHORIZED and self.renew and (fresh := self.renew(token)):
            token = fresh
            found, wait = self._once(method, relative, body, headers, token)
        if found.status in NOT_BEGUN and wait < self.deadline.left:
            time.sleep(wait)
            found, _ = self._once(method, relative, body, headers, token)
        return found

    def _once(
        self, method: str, relative: str, body: bytes, headers: Mapping[str, str], token: str
    ) -> tuple[Written, float]:
        """The outcome of one request, and the seconds to wait before another one."""
        if self.deadline.over:
            return Written(WriteOutcome.UNHEARD), 0.0
        own = {"Accept": ACCEPT, "Content-Type": ACCEPT, "Authorization": f"Bearer {token}"}
        try:
            with self.session.request(
                method, f"{self.base}/{relative}", data=body, headers=own | dict(headers), timeout=self.deadline.left,
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                return self._judge(answer), _wait(answer)
        except (requests.RequestException, HTTPError, OSError, ValueError):
            return Written(WriteOutcome.UNHEARD), 0.0

    def _judge(self, answer: requests.Response) -> Written:
        status = answer.status_code
        if status in GOOD:
            body = read_capped(answer, MOST_BYTES, self.deadline) or b""
            return Written(WriteOutcome.WRITTEN, kept_as(answer.headers.get("Location", ""), body), status)
        return Written(_outcome(status), status=status)


def _outcome(status: int) -> WriteOutcome:
    if status in REFUSED:
        return WriteOutcome.REFUSED
    if status in CONFLICTS:
        return WriteOutcome.CONFLICT
    return WriteOutcome.INVALID if status in CLIENT_FAULTS else WriteOutcome.UNHEARD


def _wait(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else PAUSE


class EhrWriter:
    """Opens the writing of one act at any registered EHR."""

    def __init__(self, registry: Registry, limits: Limits) -> None:
        self._registry = registry
        self._limits = limits
        self._session: requests.Session | None = None

    def open(self, access: Access, ehr: str, renew: Renew | None = None) -> FhirWrites | None:
        """How to write with this permission; None when the server is not this EHR's or the token has run out."""
        trusted = self._registry.find(ehr)
        if access.expires_in <= 0 or trusted is None or not trusted.trusts(access.server):
            return None
        if self._session is None:  # at the first act, so that no connection is shared across a fork
            self._session = open_session(self._limits)
        deadline = Deadline(self._limits.seconds)
        return FhirWrites(self._session, access.server.removesuffix("/"), access.token, self._limits, deadline, renew)
