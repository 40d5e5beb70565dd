"""Who a patient is, in words for the banner of a page: never stored, never logged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

PREFERRED_NAMES = ("official", "usual")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Texts as the EHR holds them, cut to a sane length; empty where it holds none. `sex` is the administrative one."""

    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = ""
    identifier: str = field(default="", repr=False)


def read_identity(patient: bytes) -> Identity:
    """The identity in a Patient resource; empty texts for what is missing or malformed."""
    try:
        content = msgspec.json.decode(patient)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return Identity()
    if not isinstance(content, dict):
        return Identity()
    return Identity(
        _name(content.get("name")),
        _text(content.get("birthDate")),
        _text(content.get("gender")),
        _identifier(content.get("identifier")),
    )


def _name(names: object) -> str:
    rows = sorted(_rows(names), key=lambda row: _rank(row.get("use")))
    return next((shown for row in rows if (shown := _text(row.get("text")) or _joined(row))), "")


def _rank(use: object) -> int:
    return PREFERRED_NAMES.index(use) if use in PREFERRED_NAMES else len(PREFERRED_NAMES)


def _joined(row: dict[str, Any]) -> str:
    given = row.get("given")
    parts = [*(given if isinstance(given, list) else []), row.get("family")]
    return " ".join(text for each in parts if (text := _text(each)))[:LONGEST]


def _identifier(identifiers: object) -> str:
    """The medical record number if one is marked so, else the first identifier."""
    rows = [row for row in _rows(identifiers) if _text(row.get("value"))]
    rows.sort(key=lambda row: not _is_record_number(row))
    return _text(rows[0]["value"]) if rows else ""


def _is_record_number(row: dict[str, Any]) -> bool:
    kind = row.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return any(each.get("code") == "MR" for each in _rows(codings))


def _rows(value: object) -> Iterator[dict[str, Any]]:
    """The objects of a list."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _text(value: object) -> str:
    """A text without control characters and marks that turn the reading direction."""
    if not isinstance(value, str):
        return ""
    return "".join(each for each in value if each.isprintable()).strip()[:LONGEST]
