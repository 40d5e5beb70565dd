"""The code tables: every code, pattern and word that this package reads, loaded once and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fhir_mappings.datatypes import Coding, Concept

FOLDER = Path(__file__).parent / "codes"
ROW_FILES = (
    "observations", "antibodies", "answers", "specimens", "imaging", "conditions", "medications",
    "procedures", "orders", "limits", "encounters", "routes", "allergies",
)  # fmt: skip
RANGE = re.compile(r"([A-Z0-9]{3})-([A-Z0-9]{3})$")
ICD = "ICD-10-CM"
NOTHING: frozenset[str] = frozenset()


class CodeTableError(ValueError):
    """A code table that cannot be used: names the file, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One code or pattern of one concept. `system` is the short name; `verified_in` says where the code was seen."""

    concept: str
    system: str
    code: str
    display: str
    verified_in: str
    file: str

    @property
    def is_pattern(self) -> bool:
        return bool(set("*?") & set(self.code)) or (self.system == ICD and bool(RANGE.match(self.code)))


@dataclass(frozen=True, slots=True)
class Membership:
    """The concepts that a code belongs to, and those that it takes away (negative lists win)."""

    concepts: frozenset[str] = NOTHING
    excluded: frozenset[str] = NOTHING


OUTSIDE = Membership()


def read_table(name: str) -> dict[str, Any]:
    """One file of the folder `codes`, as it stands."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def rows_in(file: str, content: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of one file. Raises CodeTableError for a row that is not system, code, display, where seen."""
    return (_row(concept, row, file) for concept, table in content.items() for row in table.get("codes", ()))


def _row(concept: str, parts: list[Any], file: str) -> Row:
    if len(parts) != 4 or not all(isinstance(part, str) and part for part in parts) or parts[0] not in SYSTEM_NAMES:
        raise CodeTableError(
            f"codes/{file}.toml [{concept}]: {parts!r} is not a row. Write [system, code, display, where it was seen], "
            "with a system of systems.toml."
        )
    system, code, display, verified_in = parts
    return Row(concept, system, code, display, verified_in, file)


SYSTEM_NAMES: dict[str, list[str]] = read_table("systems")
SYSTEMS: dict[str, str] = {identifier: name for name, known in SYSTEM_NAMES.items() for identifier in known}
TABLES = {file: read_table(file) for file in ROW_FILES}
ROWS = tuple(row for file, content in TABLES.items() for row in rows_in(file, content))
EXCLUDES: dict[str, frozenset[str]] = {
    concept: frozenset(table["excludes"])
    for content in TABLES.values()
    for concept, table in content.items()
    if "excludes" in table
}


def canonical(system: str) -> str:
    """The identifier that we write for a system's short name."""
    return SYSTEM_NAMES[system][0]


def concepts_of_file(file: str) -> frozenset[str]:
    """The concepts of one file, negative lists left out."""
    return frozenset(TABLES[file]) - frozenset(EXCLUDES)


def codes_of(concept: str, system: str) -> tuple[str, ...]:
    """The plain codes of a concept in one system, in the order of the table."""
    return tuple(row.code for row in BY_CONCEPT.get(concept, ()) if row.system == system and not row.is_pattern)


def _grouped(rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for row in rows:
        found[row.concept] = (*found.get(row.concept, ()), row)
    return found


def _exact(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        key = row.system, row.code
        found[key] = (*found.get(key, ()), row.concept)
    return found


def _pattern(row: Row) -> re.Pattern[str]:
    body = re.escape(row.code).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(body + r"\Z")


BY_CONCEPT = _grouped(ROWS)
EXACT = _exact(row for row in ROWS if not row.is_pattern)
RANGES = tuple(
    (row.system, *row.code.split("-"), row.concept)
    for row in ROWS
    if row.is_pattern and "*" not in row.code and "?" not in row.code
)
PATTERNS = tuple(
    (row.system, _pattern(row), row.concept) for row in ROWS if row.is_pattern and set("*?") & set(row.code)
)


SITE = "Site mapping"
SITE_SYSTEM = canonical(SITE)
CONCEPTS = (frozenset(BY_CONCEPT) | {"culture-other", "myositis-panel", "qual-weak"}) - frozenset(EXCLUDES)
"""Every name that a site may map to; a site's codings carry them as codes of SITE_SYSTEM."""


def dotted(code: str) -> str:
    """An ICD-10-CM code with its dot."""
    return code if "." in code or len(code) <= 3 else f"{code[:3]}.{code[3:]}"


@lru_cache(maxsize=8192)
def membership(identifier: str, code: str) -> Membership:
    """What a code of a system (any of its identifiers) belongs to; an unknown system belongs to nothing."""
    if identifier == SITE_SYSTEM and code in CONCEPTS:
        return Membership(frozenset({code}))
    system = SYSTEMS.get(identifier, "")
    spelled = dotted(code) if system == ICD else code
    found = set(EXACT.get((system, spelled), ()))
    found.update(concept for owner, pattern, concept in PATTERNS if owner == system and pattern.match(spelled))
    found.update(concept for owner, first, last, concept in RANGES if owner == system and first <= spelled[:3] <= last)
    if not found:
        return OUTSIDE
    excluded = frozenset(each for concept in found if concept in EXCLUDES for each in EXCLUDES[concept])
    return Membership(frozenset(found) - frozenset(EXCLUDES), excluded)


def concepts_of_codings(codings: Iterable[Coding]) -> frozenset[str]:
    """All concepts that some codings belong to, less those that any of them excludes."""
    found: frozenset[str] = NOTHING
    excluded: frozenset[str] = NOTHING
    for coding in codings:
        known = membership(coding.system, coding.code)
        found, excluded = found | known.concepts, excluded | known.excluded
    return found - excluded


def excluded_by(*concepts: Concept | None) -> frozenset[str]:
    """What the negative lists take away from some CodeableConcepts."""
    codings = (coding for concept in concepts if concept is not None for coding in concept.coding)
    return frozenset(name for coding in codings for name in membership(coding.system, coding.code).excluded)


def concepts_of(*concepts: Concept | None) -> frozenset[str]:
    """All concepts of some CodeableConcepts."""
    return concepts_of_codings(coding for concept in concepts if concept is not None for coding in concept.coding)
