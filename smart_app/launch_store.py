"""A launch, under way and open, and how both are kept: by secret ids, bound to one browser, for a limited time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from ehr_access.scopes import Granted, read_granted

STATE_BYTES = 32  # 256 bits; at least 122 are asked for
PENDING_SECONDS = 600
TOUCH_SECONDS = 60


class Row(Protocol):
    """An open launch as it is stored."""

    @property
    def browser(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def tokens(self) -> bytes: ...
    @property
    def version(self) -> int: ...
    @property
    def created(self) -> int: ...
    @property
    def last_used(self) -> int: ...


class Rows(Protocol):
    """Where launches are kept, for all processes: sealed, ids as digests. Times are seconds since 1970."""

    def begin(self, state: str, browser: str, content: bytes, expires: int) -> None: ...
    def take(self, state: str, now: int) -> tuple[str, bytes] | None:
        """The browser's digest and the content, once."""
        ...

    def add(self, id: str, browser: str, patient: str, content: bytes, tokens: bytes, now: int) -> None: ...
    def find(self, id: str) -> Row | None: ...
    def touch(self, id: str, now: int) -> None: ...
    def lease(self, id: str, version: int, now: int, until: int) -> bool: ...
    def release(self, id: str, version: int) -> None: ...
    def renew(self, id: str, version: int, tokens: bytes) -> bool: ...
    def remove(self, id: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Pending:
    """A launch that was sent to the EHR: everything that its callback is checked against."""

    ehr: str
    base: str
    redirect_uri: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    scope: str
    issuer: str = ""
    names_issuer: bool = False
    kind: Literal["ehr", "standalone"] = "ehr"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of an open launch. `expires` is seconds since 1970; `scope` what is granted now."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires: float
    scope: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays the same for the life of a launch; see Launch."""

    ehr: str
    server: str
    patient: str
    encounter: str
    user: str
    user_name: str
    subject: str
    need_banner: bool
    intent: str
    style: str
    tenant: str
    csrf: str = field(repr=False)
    hand_over: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Launch:
    """One open page: of which EHR and FHIR base, for whom (`user` is Type/id or empty), what may be read.

    `hand_over` names the hook call whose card was followed, `style` the EHR's style document, `notices` are codes of
    what to tell the user. Times know their zone; `ends` is when the EHR's token ends that it does not renew.
    """

    id: str = field(repr=False)
    ehr: str
    server: str
    patient: str
    encounter: str
    user: str
    user_name: str
    subject: str
    scopes: Granted
    need_banner: bool
    intent: str
    hand_over: str
    style: str
    tenant: str
    notices: tuple[str, ...]
    created: datetime
    last_used: datetime
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a page may stay unused, and that it may stay open at all."""

    idle: int = 1800
    absolute: int = 43200


def new_id() -> str:
    """A secret that nobody guesses: 43 signs, fit for an address."""
    return secrets.token_urlsafe(STATE_BYTES)


def begin(rows: Rows, state: str, browser: str, pending: Pending, now: datetime) -> None:
    """Keep a launch that is sent to the EHR."""
    rows.begin(state, browser, msgspec.json.encode(pending), int(now.timestamp()) + PENDING_SECONDS)


def take(rows: Rows, state: str, now: datetime) -> tuple[str, Pending] | None:
    """The browser's digest and the launch of a state; once, and only in time."""
    found = rows.take(state, int(now.timestamp()))
    if found is None or not found[1]:
        return None
    return found[0], msgspec.json.decode(found[1], type=Pending)


def keep(rows: Rows, browser: str, patient: str, kept: Kept, tokens: Tokens, now: datetime) -> str:
    """Open a launch; its id. `browser` is a digest, `patient` a pseudonym."""
    id = new_id()
    rows.add(id, browser, patient, msgspec.json.encode(kept), msgspec.json.encode(tokens), int(now.timestamp()))
    return id


def read_tokens(row: Row) -> Tokens:
    """The tokens of a stored launch."""
    return msgspec.json.decode(row.tokens, type=Tokens)


def launch_of(id: str, row: Row, now: datetime) -> tuple[Launch, str]:
    """A stored launch and the token of its forms."""
    kept, tokens = msgspec.json.decode(row.content, type=Kept), read_tokens(row)
    launch = Launch(
        id=id, ehr=kept.ehr, server=kept.server, patient=kept.patient, encounter=kept.encounter, user=kept.user,
        user_name=kept.user_name, subject=kept.subject, scopes=read_granted(tokens.scope),
        need_banner=kept.need_banner, intent=kept.intent, hand_over=kept.hand_over, style=kept.style,
        tenant=kept.tenant, notices=kept.notices, created=datetime.fromtimestamp(row.created, now.tzinfo),
        last_used=datetime.fromtimestamp(row.last_used, now.tzinfo),
        ends=None if tokens.refresh else datetime.fromtimestamp(tokens.expires, now.tzinfo),
    )  # fmt: skip
    return launch, kept.csrf
