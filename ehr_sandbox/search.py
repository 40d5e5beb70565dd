"""FHIR search over the record store: each parameter becomes a test, then sorting."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ehr_sandbox.fhir_json import Json
from ehr_sandbox.search_dates import LAST, date_test, found_interval
from ehr_sandbox.search_tokens import elements, reference_test, token_test

Pairs = list[tuple[str, str]]
Test = Callable[[Json], bool]

FILE = Path(__file__).parent / "search_parameters.toml"
SHAPING = {"_sort", "_count", "_offset", "_format", "_pretty", "_total"}
EVERYWHERE: Json = {"token": {"_id": ["id"]}, "date": {"_lastUpdated": ["meta.lastUpdated"]}}


class SearchError(ValueError):
    """A search that this EHR does not offer, with the words for the asker."""

    def __init__(self, text: str, code: str = "not-supported") -> None:
        super().__init__(text)
        self.code = code


@cache
def offered() -> dict[str, Json]:
    """Type to its search parameters by kind (reference, token, date), those of every type included."""
    table: dict[str, Json] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    kinds = ("reference", "token", "date")
    return {name: {kind: EVERYWHERE.get(kind, {}) | own.get(kind, {}) for kind in kinds} for name, own in table.items()}


def search(resources: list[Json], kind: str, query: Pairs) -> list[Json]:
    """The resources of one type that pass every parameter, sorted. Raises SearchError."""
    tests = [_test(kind, name, value) for name, value in query if name not in SHAPING and value]
    hits = [resource for resource in resources if all(test(resource) for test in tests)]
    for key in reversed([key for name, value in query if name == "_sort" for key in value.split(",") if key]):
        _sort(hits, kind, key)
    return hits


def _test(kind: str, name: str, value: str) -> Test:
    """One parameter: values separated by commas are alternatives; `:not` turns a token around."""
    plain, _, modifier = name.partition(":")
    family = next((family for family, names in offered()[kind].items() if plain in names), "")
    if not family or modifier not in ("", "not") or (modifier and family != "token"):
        raise SearchError(f"{kind} cannot be searched by {name}; offered are: {', '.join(_names(kind))}")
    paths = offered()[kind][family][plain]
    alternatives = [_value_test(family, plain, each) for each in re.split(r"(?<!\\),", value)]

    def matches(resource: Json) -> bool:
        values = [found for path in paths for found in elements(resource, path)]
        return bool(modifier) != any(test(found) for found in values for test in alternatives)

    return matches


def _value_test(family: str, name: str, wanted: str) -> Callable[[Any], bool]:
    text = wanted.replace("\\,", ",")
    if family == "token":
        return token_test(text)
    if family == "reference":
        return reference_test(name, text)
    try:
        return date_test(text)
    except ValueError as problem:
        raise SearchError(f"{name}: {problem}", "value") from problem


def _names(kind: str) -> list[str]:
    return sorted({name for names in offered()[kind].values() for name in names} | SHAPING)


def _sort(hits: list[Json], kind: str, key: str) -> None:
    """Sort in place by a date parameter or _id; resources without the element come last in either direction."""
    name, downward = key.lstrip("-"), key.startswith("-")
    if name == "_id":
        hits.sort(key=lambda resource: str(resource["id"]), reverse=downward)
        return
    paths = offered()[kind]["date"].get(name)
    if not paths:
        raise SearchError(f"{kind} cannot be sorted by {name}")
    dated = {resource["id"]: _first_date(resource, paths) for resource in hits}
    known = [each for each in hits if dated[each["id"]] < LAST]
    known.sort(key=lambda each: dated[each["id"]], reverse=downward)
    hits[:] = known + [each for each in hits if dated[each["id"]] == LAST]


def _first_date(resource: Json, paths: list[str]) -> datetime:
    found = [found_interval(value) for path in paths for value in elements(resource, path)]
    return next((each[0] for each in found if each), LAST)
