"""The files of a site mapping: its TOML with all that it imports, row by row, and the faults of rows beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fhir_mappings.site_imports import imported
from fhir_mappings.site_rows import SIGNED, SiteMappingError, SiteRow, file_text, signed

KEYS = {
    "code": ("system", "code", "display", "concept"),
    "text": ("text", "match", "concept"),
    "unit": ("concept", "unit", "equals", "factor"),
    "import": ("file", "concept"),
}
TO_MATCH = ("system", "code", "concept", "unit", "equals", "factor", "match")
KINDS = ", ".join(f"[[{kind}]]" for kind in KEYS)


def rows_of(path: Path) -> Iterator[SiteRow | str]:
    """All rows of a mapping file, imports included; a text is the fault of a row that cannot be used.

    Raises SiteMappingError for what cannot be read at all.
    """
    if path.suffix == ".json":
        yield from imported(path, {})
        return
    for kind, tables in _toml(path).items():
        yield from _section(path, kind, tables)


def _section(path: Path, kind: str, tables: Any) -> Iterator[SiteRow | str]:
    if kind not in KEYS or not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        yield f"{path.name}: [{kind}] is not known. Write {KINDS}."
        return
    for number, table in enumerate(tables, 1):
        yield from _rows(path, kind, f"{path.name}: [[{kind}]] {number}", table)


def _toml(path: Path) -> dict[str, Any]:
    remedy = "Give a TOML file, or a FHIR ConceptMap as .json."
    try:
        return tomllib.loads(file_text(path, remedy))
    except tomllib.TOMLDecodeError as problem:
        raise SiteMappingError(f"{path.name}: {problem}. {remedy}") from None


def _rows(path: Path, kind: str, where: str, table: Mapping[str, Any]) -> Iterator[SiteRow | str]:
    faults = [f"{where}: {fault}" for fault in (*_key_faults(kind, table), *_value_faults(table))]
    if faults:
        yield from faults
        return
    given = {key: str(value) for key, value in table.items() if key != "display"}
    if kind != "import":
        yield SiteRow(kind, where, **signed(given))
    elif given.get("file"):
        yield from imported(path.parent / given["file"], given)
    else:
        yield f"{where}: file is missing. Name the ConceptMap or ValueSet."


def _key_faults(kind: str, table: Mapping[str, Any]) -> Iterator[str]:
    known = (*KEYS[kind], *SIGNED)
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            yield f"{key} is not a key of it.{hint} Its keys are {', '.join(known)}."


def _value_faults(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        fault = _value_fault(key, value)
        if fault:
            yield f"{key} {fault}"


def _value_fault(key: str, value: Any) -> str:
    if not isinstance(value, (str, int, float, date)) or (isinstance(value, bool) and key != "factor"):
        return "is not a text. Write it in quotes."
    blank = key in TO_MATCH and isinstance(value, str) and value != value.strip()
    return "begins or ends with a blank. Take the blank away." if blank else ""
