"""An EHR's style document, fetched by us from its own hosts; a new address is a new version, so one is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from urllib.parse import urlsplit

import orjson

from ehr_access.documents import DocumentError, get_document

MOST_BYTES = 16 * 1024
MOST_KEPT = 100
SECONDS = 1.0
RETRY_SECONDS = 60
OK = 200
Style = Mapping[str, str]
NO_STYLE: Style = {}


class StyleDocuments:
    """Style documents by address. What cannot be read is no style, and is not asked for again at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, tuple[float, Style]] = {}

    def find(self, url: str, hosts: frozenset[str], secure: bool) -> Style:
        """The texts of a document; none if it lies elsewhere than on these hosts, or on http where `secure`."""
        if not _is_allowed(url, hosts, secure):
            return NO_STYLE
        with self._lock:
            until, style = self._kept.get(url, (0.0, NO_STYLE))
        if self._clock() < until:
            return style
        style = _fetch(url)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[url] = (float("inf") if style else self._clock() + RETRY_SECONDS, style)
        return style


def _is_allowed(url: str, hosts: frozenset[str], secure: bool) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    kinds = {"https"} if secure else {"https", "http"}
    return parts.scheme in kinds and parts.netloc.lower() in hosts and url.isascii() and url.isprintable()


def _fetch(url: str) -> Style:
    try:
        answer = get_document(url, "application/json", SECONDS, MOST_BYTES)
        content = orjson.loads(answer.body) if answer.status == OK else None
    except (DocumentError, orjson.JSONDecodeError):
        return NO_STYLE
    if not isinstance(content, dict):
        return NO_STYLE
    return {name: value for name, value in content.items() if isinstance(value, str)}
