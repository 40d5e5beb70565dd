"""The keys of trusted EHRs, kept in memory; fetched rarely, and never from an address that a token names."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

from ehr_access.documents import DocumentError, get_document
from ehr_access.public_keys import Key, KeysError, read_keys
from ehr_access.registry import KeyPlace, TrustedEhr

FETCH_SECONDS = 2.0
OK = 200


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """Seconds: how often keys are fetched at most, when they are renewed by themselves, how old they may be used.

    `retry` counts in place of `interval` while there are no keys at all.
    """

    interval: float = 300
    retry: float = 15
    renew: float = 3600
    oldest: float = 86400


@dataclass(slots=True)
class _Kept:
    """The keys of one place. `tried` and `fetched` are monotonic times."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    tried: float = float("-inf")
    fetched: float = float("-inf")
    lock: Lock = field(default_factory=Lock)


class KeyStore:
    """Finds the key of a token. A fetch that fails leaves the keys that are there, until they are too old."""

    def __init__(self, times: KeyTimes | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._times = times or KeyTimes()
        self._clock = clock
        self._kept: dict[KeyPlace, _Kept] = {}
        self._lock = Lock()

    def find(self, ehr: TrustedEhr, kid: str) -> Key | None:
        """The key of this id among the keys of this EHR; None if it has none, or none that is young enough."""
        if ehr.keys is None:
            return None
        kept = self._of(ehr.keys)
        known = kid in kept.keys and self._clock() - kept.fetched <= self._times.oldest
        if known and self._is_due(kept, kid):  # this call need not wait
            Thread(target=self._renew, args=(ehr.keys, kept, kid), name="keys", daemon=True).start()
        elif not known:
            self._renew(ehr.keys, kept, kid)
        return kept.keys.get(kid) if self._clock() - kept.fetched <= self._times.oldest else None

    def _of(self, place: KeyPlace) -> _Kept:
        with self._lock:
            return self._kept.setdefault(place, _Kept())

    def _is_due(self, kept: _Kept, kid: str) -> bool:
        """The id is not known or the keys are old, and the last try is long enough ago."""
        now, times = self._clock(), self._times
        wanted = kid not in kept.keys or now - kept.fetched > times.renew
        return wanted and now - kept.tried >= (times.interval if kept.keys else times.retry)

    def _renew(self, place: KeyPlace, kept: _Kept, kid: str) -> None:
        """Fetch if it is due; of several threads one does it, and those that need its outcome wait."""
        with kept.lock:
            if not self._is_due(kept, kid):
                return
            kept.tried = self._clock()
            try:
                kept.keys = load_keys(place)
            except KeysError:
                return
            kept.fetched = self._clock()


def load_keys(place: KeyPlace) -> dict[str, Key]:
    """The keys as they lie there now; raises KeysError, which names the place."""
    try:
        return read_keys(_read(place.file) if place.file else _fetch(place.url))
    except KeysError as problem:
        raise KeysError(f"{place.file or place.url} {problem}.") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise KeysError(f"cannot be read ({problem.strerror})") from None


def _fetch(url: str) -> bytes:
    try:
        found = get_document(url, seconds=FETCH_SECONDS)
    except DocumentError as problem:
        raise KeysError(str(problem)) from None
    if found.status != OK:
        raise KeysError(f"answers with status {found.status}")
    return found.body
