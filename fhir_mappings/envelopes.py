"""What a raw answer is before its contents are read: its resource type, its next page, or a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from rpild_rules.findings import Reason

# The usual spelling, told without parsing; a page that mentions no next link has none.
HEAD = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
NEXT = b'"next"'
REFUSALS = frozenset({"forbidden", "security", "login"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """`resource_type` is empty for what is no resource; `refusal` is set for an OperationOutcome only."""

    resource_type: str = ""
    next_link: str = ""
    refusal: Reason | None = None


class _Issue(msgspec.Struct):
    code: Any = None


class _Link(msgspec.Struct):
    relation: Any = None
    url: Any = None


class _Outer(msgspec.Struct, rename="camel"):
    resource_type: str = ""
    link: list[_Link] = []


class _Refused(msgspec.Struct):
    issue: list[_Issue] = []


def look(raw: bytes, links: bool = True) -> Envelope:
    """The envelope of one resource; an empty one if it cannot be read. Without `links` no next page is looked for."""
    head = HEAD.match(raw)
    kind = head[1].decode() if head else ""
    if kind and kind != "OperationOutcome" and not (links and NEXT in raw):
        return Envelope(kind)
    try:
        outer = msgspec.json.decode(raw, type=_Outer)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return Envelope(kind)
    if outer.resource_type == "OperationOutcome":
        return Envelope(outer.resource_type, refusal=_refusal(raw))
    following = (str(each.url) for each in outer.link if each.relation == "next" and each.url)
    return Envelope(outer.resource_type, next(following, ""))


def _refusal(raw: bytes) -> Reason:
    """Not permitted when the server says so, else a read that failed (rulings 2)."""
    try:
        issues = msgspec.json.decode(raw, type=_Refused).issue
    except msgspec.MsgspecError:
        return Reason.FETCH_FAILED
    refused = any(issue.code in REFUSALS for issue in issues if isinstance(issue.code, str))
    return Reason.NOT_PERMITTED if refused else Reason.FETCH_FAILED


def is_json(raw: bytes) -> bool:
    """Whether these bytes are one complete JSON value: an answer may have been cut off."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True
