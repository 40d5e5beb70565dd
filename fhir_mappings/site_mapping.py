"""A site's own codes, texts and units, checked against the tables and compiled: nothing is changed in the tables.

A local code is translated by one more Coding of our own system beside those that were sent, so what was sent stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from msgspec import Struct

from fhir_mappings.check_digits import holds
from fhir_mappings.code_tables import (
    CONCEPTS,
    EXACT,
    EXCLUDES,
    SITE_SYSTEM,
    SYSTEMS,
    concepts_of_codings,
    concepts_of_file,
    dotted,
)
from fhir_mappings.datatypes import Coding, Concept
from fhir_mappings.site_files import rows_of
from fhir_mappings.site_rows import SIGNED, WORD, SiteMappingError, SiteRow, is_day
from fhir_mappings.site_units import factors_of, unit_faults
from fhir_mappings.units import SCALES, Scale
from fhir_mappings.words import plain, texts_of, whole_words

__all__ = ["NO_MAPPING", "SiteMapping", "SiteMappingError", "load_site_mapping", "translate"]

CLOSEST = 3
LISTED = "one that `rpild map concepts` lists"
SHORTEST = 3
# A word stands for a drug or its form in longer names, too; a test of which the name holds another is another test.
BY_WORD = concepts_of_file("medications") | concepts_of_file("routes")


@dataclass(frozen=True, slots=True, eq=False)
class SiteMapping:
    """What a site's file adds: concepts by (system, code), by plain text and by a word of it, and the scales with its
    units.

    `rows` keep author, date and reason; `sha256` is that of the rows, empty for no mapping.
    """

    codes: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    words: tuple[tuple[re.Pattern[str], str], ...] = ()
    any_word: re.Pattern[str] | None = None
    scales: Mapping[str, Scale] = field(default_factory=lambda: MappingProxyType(SCALES))
    rows: tuple[SiteRow, ...] = ()
    sha256: str = ""

    def concepts(self, concept: Concept) -> Iterator[Coding]:
        """The codings that this site's rows add to a CodeableConcept."""
        for each in concept.coding:
            known = self.codes.get((each.system, each.code))
            if known:
                yield Coding(SITE_SYSTEM, known, f"{each.system}|{each.code}")
        for text in texts_of(concept) if self.texts or self.words else ():
            yield from (Coding(SITE_SYSTEM, known, text) for known in self._told(plain(text).strip()))

    def _told(self, text: str) -> Iterator[str]:
        known = self.texts.get(text)
        if known:
            yield known
        if self.any_word is not None and self.any_word.search(text):
            yield from (concept for word, concept in self.words if word.search(text))


NO_MAPPING = SiteMapping()


def load_site_mapping(path: Path) -> SiteMapping:
    """The mapping of a TOML file, or of a FHIR ConceptMap or ValueSet (.json).

    Raises SiteMappingError with one line for each fault: file, row, key, remedy.
    """
    found = tuple(rows_of(path))
    rows = tuple(each for each in found if isinstance(each, SiteRow))
    faults = [
        *(each for each in found if isinstance(each, str)),
        *(fault for row in rows for fault in _faults(row)),
        *_twice(rows),
    ]
    if faults:
        raise SiteMappingError("\n".join(faults))
    codes = {(row.system, row.code): row.concept for row in rows if row.kind == "code"}
    texts = {plain(row.text).strip(): row.concept for row in rows if row.kind == "text" and not row.match}
    worded = [row for row in rows if row.match]
    words = tuple((whole_words([row.text]), row.concept) for row in worded)
    any_word = whole_words(row.text for row in worded) if worded else None
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    return SiteMapping(MappingProxyType(codes), MappingProxyType(texts), words, any_word, _scales(rows), rows, digest)


def _scales(rows: Iterable[SiteRow]) -> Mapping[str, Scale]:
    scales = dict(SCALES)
    for row in rows:
        if row.kind == "unit":
            scale = scales[row.concept]
            scales[row.concept] = replace(scale, factors={**scale.factors, row.unit: factors_of(row)})
    return MappingProxyType(scales)


def _twice(rows: Iterable[SiteRow]) -> Iterator[str]:
    """The same local code, text or unit given two meanings."""
    seen: dict[tuple[str, ...], SiteRow] = {}
    for row in rows:
        unit = (row.concept, row.unit) if row.kind == "unit" else ()
        first = seen.setdefault((row.kind, row.system, row.code, plain(row.text), *unit), row)
        if _meaning(first) != _meaning(row):
            yield f"{row.where}: already given in {first.where} as {_meaning(first)}. Keep one of the two rows."


def _meaning(row: SiteRow) -> str:
    return " ".join(filter(None, (row.concept, row.equals, row.factor)))


def _faults(row: SiteRow) -> Iterator[str]:
    for key in SIGNED:
        if not getattr(row, key).strip():
            yield f"{row.where}: {key} is missing. Every row names its author, date and reason."
    if row.date and not is_day(row.date):
        yield f"{row.where}: date {row.date} is not a day. Write it as 2026-11-22."
    if row.concept not in CONCEPTS:
        close = ", ".join(get_close_matches(row.concept, sorted(CONCEPTS), CLOSEST)) or LISTED
        yield f"{row.where}: concept {row.concept or '(none)'} is not a data element. Did you mean {close}?"
        return
    yield from {"code": _code_faults, "text": _text_faults, "unit": unit_faults}[row.kind](row)


def _code_faults(row: SiteRow) -> Iterator[str]:
    system = SYSTEMS.get(row.system, "")
    if not row.code:
        yield f"{row.where}: code is missing. Write the code that the site sends."
    if not holds(system, row.code):
        yield f"{row.where}: {row.code} is no {system} code, its check digit is wrong. Correct the code."
    spelled = dotted(row.code) if system.startswith("ICD-10-CM") else row.code
    if any(name in EXCLUDES for name in EXACT.get((system, spelled), ())):
        yield f"{row.where}: {row.code} is on a negative list of the code tables. Remove the row."
    known = concepts_of_codings([Coding(row.system, row.code)])
    if known and row.concept not in known:
        yield f"{row.where}: {row.code} already means {', '.join(sorted(known))}. Remove the row."


def _text_faults(row: SiteRow) -> Iterator[str]:
    if not plain(row.text).strip():
        yield f"{row.where}: text is missing. Write the whole text that the site sends."
    fault = _match_fault(row) if row.match else ""
    if fault:
        yield f"{row.where}: {fault}"


def _match_fault(row: SiteRow) -> str:
    if row.match != WORD:
        return f'match {row.match} is not known. Write match = "word", or leave it out for the whole name.'
    if row.concept not in BY_WORD:
        return "match is for drugs and their routes only. Leave it out and write the whole name."
    told = f"text {row.text} is too short to be looked for in longer names. Write the whole name."
    return told if sum(map(str.isalnum, row.text)) < SHORTEST else ""


def translate(resources: Iterable[Any], site: SiteMapping) -> None:
    """Put the codings of a site's rows beside those that its resources came with."""
    if site.codes or site.texts or site.words:
        for each in resources:
            _translate(each, site)


def _translate(struct: Struct, site: SiteMapping) -> None:
    for name in _holding(type(struct)):
        value = getattr(struct, name)
        for each in value if isinstance(value, tuple) else (value,):
            _translate_one(each, site)


def _translate_one(member: Any, site: SiteMapping) -> None:
    if isinstance(member, Concept):
        member.coding = (*member.coding, *site.concepts(member))
    elif isinstance(member, Struct):
        _translate(member, site)


@cache
def _holding(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a struct in which a CodeableConcept can stand, at any depth."""
    hints = get_type_hints(kind)
    return tuple(name for name, hint in hints.items() if any(_can_hold(each) for each in _members(hint)))


def _can_hold(kind: Any) -> bool:
    if kind is Concept:
        return True
    return isinstance(kind, type) and issubclass(kind, Struct) and bool(_holding(kind))


def _members(hint: Any) -> Iterator[Any]:
    yield hint
    for each in getattr(hint, "__args__", ()):
        yield from _members(each)
