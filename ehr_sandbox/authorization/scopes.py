"""SMART scopes, version 1 and 2: read, judged against what this EHR offers, and applied to resources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ehr_sandbox.fhir_json import Json
from ehr_sandbox.search import Pairs, SearchError, offered, search

PLAIN = ("openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "online_access")
LASTING = {"online_access", "offline_access"}
SUPPORTED = (*PLAIN, "offline_access", "patient/*.rs", "patient/*.cruds", "user/*.rs", "user/*.cruds", "system/*.rs")
SHAPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(?:\?(.+))?")
FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True)
class Scope:
    """One resource scope: whose data (`patient`, `user`, `system`), which type or `*`, which letters of `cruds`.

    `query` narrows it to the resources that a search with these parameters finds, as in `?category=laboratory`.
    """

    context: str
    kind: str
    letters: frozenset[str]
    query: tuple[tuple[str, str], ...] = ()

    def covers(self, kind: str, letter: str) -> bool:
        """Whether this scope speaks of such an act on such a type at all."""
        return self.kind in ("*", kind) and letter in self.letters

    def holds(self, kind: str, resource: Json) -> bool:
        """Whether the resource lies within the query of this scope."""
        return not self.query or bool(search([resource], kind, _settled(self.query)))


def _settled(query: Iterable[tuple[str, str]]) -> Pairs:
    return list(query)


def read_scope(text: str) -> Scope | None:
    """A resource scope from its text; None for anything else or for letters out of order."""
    match = SHAPE.fullmatch(text)
    if not match or not match[3]:
        return None
    letters = FIRST_VERSION.get(match[3], match[3])
    query = tuple(parse_qsl(match[4] or "", keep_blank_values=True))
    return Scope(match[1], match[2], frozenset(letters), query)


def read_scopes(text: str) -> tuple[Scope, ...]:
    """All resource scopes of a scope string."""
    return tuple(filter(None, map(read_scope, text.split())))


def granted(wanted: str, contexts: frozenset[str]) -> str:
    """What this EHR grants of the scopes asked for, in their order: known words, and types and queries it offers."""
    return " ".join(each for each in dict.fromkeys(wanted.split()) if _grants(each, contexts))


def _grants(text: str, contexts: frozenset[str]) -> bool:
    scope = read_scope(text)
    if not scope:
        return "launch" in contexts and text in (*PLAIN, "offline_access")
    return scope.context in contexts and _is_offered(scope)


def _is_offered(scope: Scope) -> bool:
    """A type of this EHR, and a query that its search understands."""
    if scope.kind == "*":
        return not scope.query
    try:
        return scope.kind in offered() and search([], scope.kind, _settled(scope.query)) == []
    except SearchError:
        return False
