"""SMART scopes as sets of rights: what was granted, and whether it covers a need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

LETTERS = "cruds"
FIRST_VERSION = {"read": "rs", "write": "cud", "*": LETTERS}
FORM = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]*|\*)\.([a-z]+|\*)(?:\?(.+))?")
LONGEST = 20_000
UNSUPPORTED = re.compile(r":|\.|^_filter$|^_has")


@dataclass(frozen=True, slots=True)
class Scope:
    """One clinical scope: whose data, a type or `*`, rights out of `cruds`, and constraints (name, value).

    `supported` is False where a constraint uses what we cannot compare: a modifier, a chain, `_filter`.
    """

    context: str
    kind: str
    rights: frozenset[str]
    constraints: tuple[tuple[str, str], ...] = ()
    supported: bool = True

    def covers(self, kind: str, right: str, asked: Mapping[str, str]) -> bool:
        """Whether this grant alone allows a right on all that a search with these parameters asks for."""
        return (
            self.supported
            and self.kind in ("*", kind)
            and right in self.rights
            and all(_implied(value, asked.get(name, "")) for name, value in self.constraints)
        )


def _implied(granted: str, asked: str) -> bool:
    """Whether every value asked for is among those granted; a code without a system stands for that of any system."""
    wanted = [each for each in asked.split(",") if each]
    return bool(wanted) and all(any(_same(one, other) for other in granted.split(",")) for one in wanted)


def _same(one: str, other: str) -> bool:
    (system, bar, code), (its_system, its_bar, its_code) = one.rpartition("|"), other.rpartition("|")
    return code == its_code and (not bar or not its_bar or system == its_system)


def read_scope(text: str) -> Scope | None:
    """A clinical scope of version 1 or 2; None for every other text, such as `openid` or letters out of order."""
    found = FORM.fullmatch(text)
    rights = _rights(found[3]) if found else frozenset()
    if found is None or not rights:
        return None
    constraints = tuple(parse_qsl(found[4] or "", keep_blank_values=True))
    supported = not any(UNSUPPORTED.search(name) for name, _ in constraints) and not (found[4] and not constraints)
    return Scope(found[1], found[2], rights, constraints, supported)


def _rights(letters: str) -> frozenset[str]:
    """The letters of version 2 in their order, or a word of version 1; empty if neither."""
    if letters in FIRST_VERSION:
        return frozenset(FIRST_VERSION[letters])
    kept = "".join(each for each in LETTERS if each in letters)
    return frozenset(letters) if kept == letters else frozenset()


@dataclass(frozen=True, slots=True)
class Granted:
    """All scopes of one token."""

    texts: frozenset[str] = frozenset()
    scopes: tuple[Scope, ...] = ()

    def allows(self, kind: str, rights: Iterable[str], asked: Mapping[str, str] | None = None) -> bool:
        """Whether each of these rights is granted for a type, as narrow as `asked` (search parameters).

        Only grants for the patient in context or for the user count.
        """
        mine = [each for each in self.scopes if each.context != "system"]
        return all(any(each.covers(kind, right, asked or {}) for each in mine) for right in rights)


def read_granted(text: str) -> Granted:
    """The scopes of a token answer, separated by spaces."""
    words = text[:LONGEST].split()
    return Granted(frozenset(words), tuple(each for each in map(read_scope, words) if each))
