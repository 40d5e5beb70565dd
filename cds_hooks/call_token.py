"""The form of a call's token: read without trust, size and types first, then its times."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, NoReturn, TypeVar

import msgspec

from cds_hooks.errors import UnknownCallerError

MOST_CHARACTERS = 8192
MOST_JTI = 256
SHAPE = re.compile(r"[Bb]earer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a token may live and how old it may be, in seconds, and how far clocks may differ."""

    longest_seconds: int = 1200
    oldest_seconds: int = 900
    skew_seconds: int = 60


class Header(msgspec.Struct, frozen=True):
    """What is read of a token's header. Fields that would change how it is verified make it unreadable."""

    alg: str
    kid: str
    typ: str
    jku: str | None = None
    crit: msgspec.UnsetType = msgspec.UNSET
    b64: msgspec.UnsetType = msgspec.UNSET
    jwk: msgspec.UnsetType = msgspec.UNSET


class Claims(msgspec.Struct, frozen=True):
    """What is read of a token's claims; times are seconds since 1970."""

    iss: str
    aud: str | list[str]
    exp: Seconds
    iat: Seconds
    jti: str
    nbf: Seconds = 0.0
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class CallToken:
    """A token whose form is good and whose signature is not checked yet; never printed."""

    text: str = field(repr=False)
    header: Header
    claims: Claims = field(repr=False)


def read_token(authorization: str) -> CallToken:
    """The token of an Authorization header; raises UnknownCallerError."""
    if not authorization:
        raise UnknownCallerError("no-token")
    found = SHAPE.fullmatch(authorization) if len(authorization) <= MOST_CHARACTERS else None
    if found is None:
        raise UnknownCallerError("form")
    text = found[1]
    header, claims, _ = text.split(".")
    token = CallToken(text, _read(header, Header), _read(claims, Claims))
    if token.header.typ.upper() != "JWT" or not token.header.kid or not 0 < len(token.claims.jti) <= MOST_JTI:
        raise UnknownCallerError("form", token.claims.iss)
    return token


def from_base64(segment: str) -> bytes:
    """The bytes of a part of a token; raises ValueError."""
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _read(segment: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(from_base64(segment), type=kind)
    except (msgspec.MsgspecError, binascii.Error, UnicodeError, RecursionError):
        raise UnknownCallerError("form") from None


def check_times(claims: Claims, lifetimes: Lifetimes, now: datetime) -> None:
    """Raise UnknownCallerError for a token that has run out, begins later, or claims too long a life."""
    seconds, skew = now.timestamp(), lifetimes.skew_seconds

    def refuse(why: str) -> NoReturn:
        raise UnknownCallerError(why, claims.iss)

    if claims.exp + skew <= seconds:
        refuse("expired")
    if max(claims.iat, claims.nbf) - skew > seconds:
        refuse("not-yet")
    if not 0 < claims.exp - claims.iat <= lifetimes.longest_seconds:
        refuse("lifetime")
    if seconds - claims.iat > lifetimes.oldest_seconds + skew:
        refuse("age")
