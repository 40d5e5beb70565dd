"""One GET under a deadline: no redirect, proxy or netrc, a cap on decoded bytes, a few tries at a busy server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from ehr_access.budget import Deadline, Limits
from rpild_rules.findings import Reason

ACCEPT = "application/fhir+json"
UNAUTHORIZED = 401
BUSY = frozenset({429, 502, 503, 504})
REFUSED = frozenset({401, 403})
CHUNK = 64 * 1024
# Seconds before the second and the third try; then the server has had its chance.
PAUSES = (0.1, 0.3)
Renew = Callable[[str], str | None]
"""A token in place of one that is not accepted any more; None if there is none. Asked by several threads at once."""


class ReadError(Exception):
    """A read that gave no resource, and the reason that the assessment reports; `down` if the server gave no answer."""

    def __init__(self, reason: Reason, down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.down = down


@dataclass(frozen=True, slots=True)
class Transport:
    """GET with the bearer token of one call; the token is never printed."""

    session: requests.Session
    token: str = field(repr=False)
    limits: Limits
    renew: Renew | None = None

    def get(self, address: str, deadline: Deadline) -> bytes:
        """The decoded body of a 200 answer; raises ReadError for everything else. A 401 is tried once more, renewed."""
        status, body, wait = self._once(address, deadline)
        if status == UNAUTHORIZED and self.renew:
            return self._renewed().get(address, deadline)
        for pause in PAUSES:
            if status not in BUSY or (wait or pause) >= deadline.left:
                break
            time.sleep(wait or pause)
            status, body, wait = self._once(address, deadline)
        if status == requests.codes.ok:
            return body
        raise ReadError(Reason.NOT_PERMITTED if status in REFUSED else Reason.FETCH_FAILED, down=status in BUSY)

    def _renewed(self) -> Transport:
        fresh = self.renew(self.token) if self.renew else None
        if not fresh:
            raise ReadError(Reason.NOT_PERMITTED)
        return replace(self, token=fresh, renew=None)

    def _once(self, address: str, deadline: Deadline) -> tuple[int, bytes, float]:
        """Status, body (of 200 only) and the seconds that a busy server asks to wait."""
        if deadline.over:
            raise ReadError(Reason.FETCH_FAILED, down=True)
        # A server that answers from memory misses what was written a moment ago (HAPI FHIR keeps searches a minute).
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {self.token}", "Cache-Control": "no-cache"}
        try:
            with self.session.get(
                address, headers=headers, timeout=deadline.left, allow_redirects=False, stream=True
            ) as answer:
                good = answer.status_code == requests.codes.ok
                return answer.status_code, self._read(answer, deadline) if good else b"", _wait(answer)
        except (requests.RequestException, HTTPError, OSError, ValueError):
            raise ReadError(Reason.FETCH_FAILED, down=True) from None

    def _read(self, answer: requests.Response, deadline: Deadline) -> bytes:
        body = read_capped(answer, self.limits.max_bytes, deadline)
        if body is None:
            raise ReadError(Reason.FETCH_FAILED, down=deadline.over)
        return body


def read_capped(answer: requests.Response, most: int, deadline: Deadline) -> bytes | None:
    """The decoded body piece by piece, so that neither a slow drip nor a compressed bomb passes; None if it is cut."""
    body = bytearray()
    while piece := answer.raw.read1(CHUNK, decode_content=True):
        body += piece
        if len(body) > most or deadline.over:
            return None
    return bytes(body)


def _wait(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def open_session(limits: Limits) -> requests.Session:
    """A session that heeds no proxy, netrc or cookie: only what we send is sent."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=limits.parallel, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
