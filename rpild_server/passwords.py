"""The password of the admin page: kept as a salted scrypt hash, checked at a rate that guessing cannot raise."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from threading import Lock

COST, BLOCK, PARALLEL = 2**15, 8, 1
MEMORY = 64 * 1024 * 1024
SALT_BYTES, HASH_BYTES = 16, 32
MOST_A_MINUTE = 10
MINUTE = 60.0


def hash_password(password: str) -> str:
    """`scrypt$salt$hash`, both in base64."""
    salt = os.urandom(SALT_BYTES)
    return "$".join(("scrypt", *(base64.b64encode(part).decode() for part in (salt, _hash(password, salt)))))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY, dklen=HASH_BYTES)


def parts_of(stored: str) -> tuple[bytes, bytes] | None:
    """Salt and hash of a stored text; None if it is none."""
    kind, _, rest = stored.partition("$")
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in rest.split("$"))
    except (binascii.Error, ValueError):
        return None
    return (salt, digest) if kind == "scrypt" and len(digest) == HASH_BYTES else None


class TooOftenError(Exception):
    """The password was not looked at: another one is being looked at, or too many were wrong in this minute."""


class PasswordCheck:
    """Whether a password is the one; beyond so many wrong ones a minute none is looked at."""

    def __init__(self, stored: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts_of(stored)
        self._clock = clock
        self._lock = Lock()
        self._minute = float("-inf")
        self._wrong = 0
        self._known = os.urandom(HASH_BYTES)
        self._key = os.urandom(HASH_BYTES)

    def allows(self, password: str) -> bool:
        """The password that was right before is known quickly; of others one at a time is looked at, since each takes
        memory and none may hold up the threads that answer calls. Raises TooOftenError.
        """
        quick = hmac.new(self._key, password.encode(), hashlib.sha256).digest()
        if hmac.compare_digest(quick, self._known):
            return True
        if not self._lock.acquire(blocking=False):
            raise TooOftenError
        try:
            return self._look(password, quick)
        finally:
            self._lock.release()

    def _look(self, password: str, quick: bytes) -> bool:
        if self._clock() - self._minute >= MINUTE:
            self._minute, self._wrong = self._clock(), 0
        if self._wrong >= MOST_A_MINUTE:
            raise TooOftenError
        salt, digest = self._parts or (b"", b"")
        good = hmac.compare_digest(_hash(password, salt), digest)
        self._known, self._wrong = (quick, self._wrong) if good else (self._known, self._wrong + 1)
        return good
