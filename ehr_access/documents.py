"""One small document from a configured address: no redirect, proxy or cookie, a cap on time and decoded bytes."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from urllib3.exceptions import HTTPError

from ehr_access.budget import Deadline, Limits
from ehr_access.transport import open_session, read_capped

SECONDS = 2.0
MOST_BYTES = 256 * 1024


class DocumentError(Exception):
    """No whole answer came; the text says why and names no address."""


@dataclass(frozen=True, slots=True)
class Document:
    """An answer as it came; `kind` is its media type in lower case, without parameters."""

    status: int
    kind: str
    body: bytes


def get_document(url: str, accept: str = "*/*", seconds: float = SECONDS, most: int = MOST_BYTES) -> Document:
    """One GET; raises DocumentError."""
    with open_session(Limits()) as session:
        try:
            found = _get(session, url, accept, seconds, most)
        except (requests.RequestException, HTTPError, OSError, ValueError) as problem:
            raise DocumentError(f"cannot be read ({type(problem).__name__})") from None
    if found is None:
        raise DocumentError(f"sends more than {most} bytes, or sends them too slowly")
    return found


def _get(session: requests.Session, url: str, accept: str, seconds: float, most: int) -> Document | None:
    deadline = Deadline(seconds)
    headers = {"Accept": accept}
    with session.get(url, headers=headers, timeout=seconds, allow_redirects=False, stream=True) as answer:
        body = read_capped(answer, most, deadline)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return None if body is None else Document(answer.status_code, kind, body)
