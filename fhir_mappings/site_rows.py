"""The rows of a site mapping as written: from its TOML, and from FHIR ConceptMap and ValueSet resources."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fhir_mappings.code_tables import concepts_of_codings
from fhir_mappings.datatypes import Coding

SIGNED = ("author", "date", "reason")
KEYS = {
    "code": {"system", "code", "display", "concept"},
    "text": {"text", "concept"},
    "unit": {"concept", "unit", "equals", "factor"},
    "import": {"file", "concept"},
}
# The target means the same as the local code, or more: what the local code says is then true of the target.
USABLE = frozenset({"equal", "equivalent", "wider", "subsumes"})
LEFT_OUT = frozenset({"unmatched", "disjoint"})


class SiteMappingError(ValueError):
    """A site mapping that cannot be used: one line for each fault, with file, row, key and remedy."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One row: what a site sends (`code` of `system`, `text`, or `unit`) and what that is, signed.

    `kind` is `code`, `text` or `unit`; `where` names file and row for messages. A unit is `equals` a known spelling
    or becomes canonical by `factor`.
    """

    kind: str
    where: str
    concept: str
    author: str
    date: str
    reason: str
    system: str = ""
    code: str = ""
    text: str = ""
    unit: str = ""
    equals: str = ""
    factor: str = ""


def rows_of(path: Path) -> Iterator[SiteRow]:
    """All rows of a mapping file, imports included. Raises SiteMappingError for what is no such file or row."""
    if path.suffix == ".json":
        yield from _imported(path, {})
        return
    for kind, tables in _toml(path).items():
        if kind not in KEYS or not isinstance(tables, list):
            raise SiteMappingError(
                f"{path.name}: [{kind}] is not known. Write [[code]], [[text]], [[unit]] or [[import]]."
            )
        for number, table in enumerate(tables, 1):
            yield from _rows(path, kind, f"{path.name}: [[{kind}]] {number}", table)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SiteMappingError(
            f"{path.name}: {problem}. Give a readable TOML file, or a FHIR ConceptMap as .json."
        ) from None


def _rows(path: Path, kind: str, where: str, table: Mapping[str, Any]) -> Iterator[SiteRow]:
    unknown = sorted(set(table) - KEYS[kind] - set(SIGNED))
    if unknown:
        known = ", ".join(sorted(KEYS[kind] | set(SIGNED)))
        raise SiteMappingError(f"{where}: {unknown[0]} is not a key of it. Its keys are {known}.")
    given = {key: str(value) for key, value in table.items()}
    if kind == "import":
        yield from _imported(path.parent / given.get("file", ""), given)
    else:
        given.pop("display", None)
        yield SiteRow(kind, where, **_signed(given))


def _signed(given: Mapping[str, str]) -> dict[str, str]:
    return {"concept": ""} | dict.fromkeys(SIGNED, "") | dict(given)


def _imported(path: Path, given: Mapping[str, str]) -> Iterator[SiteRow]:
    """The rows of a ConceptMap or ValueSet; `given` holds what a TOML [[import]] says of it."""
    try:
        resource = json.loads(path.read_text(encoding="utf-8"))
        kind = resource["resourceType"]
    except (OSError, ValueError, TypeError, KeyError):
        raise SiteMappingError(f"{path.name}: not readable as FHIR JSON. Give a ConceptMap or a ValueSet.") from None
    readers = {"ConceptMap": _of_concept_map, "ValueSet": _of_value_set}
    if kind not in readers:
        raise SiteMappingError(f"{path.name}: a {kind} holds no mapping. Give a ConceptMap or a ValueSet.")
    try:
        yield from readers[kind](path.name, resource, _signature(resource) | dict(given))
    except (AttributeError, TypeError, KeyError) as problem:
        raise SiteMappingError(f"{path.name}: {kind} is not built as FHIR R4 says ({problem}). Correct it.") from None


def _signature(resource: Mapping[str, Any]) -> dict[str, str]:
    reason = resource.get("purpose") or resource.get("description") or ""
    return {"author": resource.get("publisher", ""), "date": resource.get("date", "")[:10], "reason": reason}


def _of_concept_map(name: str, resource: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[SiteRow]:
    signed = {key: given[key] for key in SIGNED}
    for group, element, target in _targets(resource):
        where = f"{name}: {element['code']}"
        concept = _target(where, group["target"], target)
        if concept:
            yield SiteRow("code", where, concept, **signed, system=group["source"], code=element["code"])


def _targets(resource: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    pairs = ((group, element) for group in resource.get("group", ()) for element in group.get("element", ()))
    yield from ((group, element, target) for group, element in pairs for target in element.get("target", ()))


def _target(where: str, system: str, target: Mapping[str, Any]) -> str:
    equivalence = target.get("equivalence", "")
    if equivalence in LEFT_OUT:
        return ""
    if equivalence not in USABLE:
        raise SiteMappingError(
            f"{where}: equivalence {equivalence or '(none)'} cannot be used. "
            "Write equal, equivalent or wider, or leave it out."
        )
    found = concepts_of_codings([Coding(system, target["code"])])
    if len(found) != 1:
        raise SiteMappingError(
            f"{where}: target {target['code']} means {', '.join(sorted(found)) or 'nothing that is read'}. "
            "Name a code that stands for one data element."
        )
    return next(iter(found))


def _of_value_set(name: str, resource: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[SiteRow]:
    signed = {key: given[key] for key in SIGNED}
    concept = given.get("concept") or resource.get("name", "")
    for include in resource.get("compose", {}).get("include", ()):
        for each in include.get("concept", ()):
            yield SiteRow(
                "code", f"{name}: {each['code']}", concept, **signed, system=include["system"], code=each["code"]
            )


def is_day(text: str) -> bool:
    """Whether a text is a calendar day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
