"""Who the user is: an id_token checked against its EHR's keys, by our own policy and not by what the EHR announces."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from ehr_access.documents import DocumentError, get_document
from ehr_access.public_keys import MOST_KEYS, Key, is_long_enough

ALGORITHMS = {"RS256": "RSA", "RS384": "RSA", "ES256": "P-256", "ES384": "P-384"}
LEEWAY_SECONDS = 60
LONGEST_LIFE_SECONDS = 86400
FETCH_SECONDS = 3.0
AGAIN_SECONDS = 300
USERS = frozenset({"Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person"})
OK = 200
LONGEST_NAME, LONGEST_USER = 200, 1000


class IdentityTokenError(Exception):
    """An id_token that proves nothing; the text says what is wrong with it, never a value of it."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The user. `fhir_user` is `Type/id` at this EHR, or empty where it is told of another place or not at all."""

    subject: str
    fhir_user: str = ""
    name: str = ""


@dataclass(slots=True)
class _Kept:
    """The keys of one address; `again` is when they were last fetched on suspicion (monotonic)."""

    rows: tuple[Mapping[str, Any], ...] = ()
    again: float = float("-inf")
    lock: Lock = field(default_factory=Lock)


class IssuerKeys:
    """The keys of EHRs that sign id_tokens; fetched when there are none, and once for an unknown kid, then seldom."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def find(self, url: str, algorithm: str, kid: str | None) -> Key:
        """The one key for a token; without a kid only if a single one is suitable. Raises IdentityTokenError."""
        with self._lock:
            kept = self._kept.setdefault(url, _Kept())
        with kept.lock:
            found = _suitable(kept.rows, algorithm, kid)
            if len(found) != 1 and (not kept.rows or self._clock() - kept.again >= AGAIN_SECONDS):
                kept.again = self._clock() if kept.rows else kept.again
                kept.rows = _fetch(url)
                found = _suitable(kept.rows, algorithm, kid)
        if len(found) != 1:
            raise IdentityTokenError("the EHR's keys hold not exactly one that could have signed it")
        return found[0]


def _fetch(url: str) -> tuple[Mapping[str, Any], ...]:
    try:
        answer = get_document(url, "application/json", FETCH_SECONDS)
        rows = orjson.loads(answer.body)["keys"] if answer.status == OK else None
    except (DocumentError, orjson.JSONDecodeError, TypeError, KeyError):
        rows = None
    if not isinstance(rows, list):
        raise IdentityTokenError("the EHR's keys cannot be read")
    return tuple(each for each in rows[:MOST_KEYS] if isinstance(each, dict))


def _suitable(rows: tuple[Mapping[str, Any], ...], algorithm: str, kid: str | None) -> list[Key]:
    mine = [each for each in rows if kid is None or each.get("kid") == kid]
    return [key for each in mine if (key := _key(each, algorithm))]


def _key(row: Mapping[str, Any], algorithm: str) -> Key | None:
    """The public key of a row, if it is made for this algorithm."""
    if row.get("use", "sig") != "sig" or row.get("alg", algorithm) != algorithm:
        return None
    public = {name: value for name, value in row.items() if name in {"kty", "crv", "x", "y", "n", "e", "kid"}}
    try:
        if ALGORITHMS[algorithm] == "RSA":
            return RSAKey.import_key(public) if is_long_enough(row["n"]) else None
        return ECKey.import_key(public) if row.get("crv") == ALGORITHMS[algorithm] else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: issuer, our client id, the nonce of this launch; `base` is the EHR's FHIR base."""

    issuer: str
    client_id: str
    nonce: str
    base: str


def read_identity_token(
    token: str, expected: Expected, find: Callable[[str, str | None], Key], now: datetime
) -> Identified:
    """The user of a token whose signature and claims hold; raises IdentityTokenError."""
    claims = _claims(token, find)
    _check(claims, expected, now.timestamp())
    name = claims.get("name")
    shown = name if isinstance(name, str) and name.isprintable() and len(name) <= LONGEST_NAME else ""
    return Identified(claims["sub"], fhir_user(claims.get("fhirUser"), expected.base), shown)


def _claims(token: str, find: Callable[[str, str | None], Key]) -> Mapping[str, Any]:
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or "crit" in header or not isinstance(kid, str | None):
            raise IdentityTokenError("its header names no algorithm that is accepted, or something unknown")
        read = jws.deserialize_compact(token, find(algorithm, kid), algorithms=[algorithm])
        claims = orjson.loads(read.payload)
    except (JoseError, ValueError, TypeError, KeyError):
        raise IdentityTokenError("it cannot be read, or its signature is wrong") from None
    if not isinstance(claims, dict):
        raise IdentityTokenError("it holds no claims")
    return claims


def _check(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    faults = {
        "iss is not the EHR's issuer": not expected.issuer or claims.get("iss") != expected.issuer,
        "sub is missing": not isinstance(claims.get("sub"), str) or not claims["sub"],
        "aud does not name this app": not isinstance(audiences, list) or expected.client_id not in audiences,
        "azp is another app": _other_party(claims, audiences, expected.client_id),
        "it has expired": not _number(claims.get("exp")) or claims["exp"] + LEEWAY_SECONDS <= now,
        "iat is missing, in the future or too long ago": not _is_recent(claims.get("iat"), now),
        "nonce is not that of this launch": claims.get("nonce") != expected.nonce,
    }
    for fault, present in faults.items():
        if present:
            raise IdentityTokenError(fault)


def _other_party(claims: Mapping[str, Any], audiences: object, client_id: str) -> bool:
    """Whether the authorized party is another; with several audiences it must be named."""
    several = isinstance(audiences, list) and len(audiences) > 1
    return bool(claims.get("azp", None if several else client_id) != client_id)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_recent(value: Any, now: float) -> bool:
    return _number(value) and bool(now - LONGEST_LIFE_SECONDS <= value <= now + LEEWAY_SECONDS)


def fhir_user(value: object, base: str) -> str:
    """`Type/id` of a fhirUser at this EHR, absolute or relative; empty for another server or a malformed one."""
    if not isinstance(value, str) or len(value) > LONGEST_USER:
        return ""
    path = value.removeprefix(f"{base.removesuffix('/')}/")
    kind, slash, id = path.partition("/")
    good = kind in USERS and slash and id and all(each.isalnum() or each in "-._" for each in id)
    return path if good and not urlsplit(value).fragment else ""
