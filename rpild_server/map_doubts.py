"""What `rpild check` asks about a site mapping that has no fault: rows that are probably not meant so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from fhir_mappings.proposing import named_as
from fhir_mappings.site_mapping import SiteMapping
from fhir_mappings.units import SCALES


def doubts(mapping: SiteMapping, today: date) -> Iterator[str]:
    """One sentence for each row to look at again: dated after today, given twice, or named as another test."""
    seen: dict[tuple[str, ...], str] = {}
    for row in mapping.rows:
        first = seen.setdefault((row.kind, row.concept, row.system, row.code, row.text, row.unit), row.where)
        if first != row.where:
            yield f"{row.where}: the same as {first}; one of the two can go"
        if date.fromisoformat(row.date) > today:
            yield f"{row.where}: its date {row.date} lies ahead"
        named = named_as(row.text) if row.kind == "text" else ""
        if named and _read_as(named) != _read_as(row.concept):
            yield f"{row.where}: {row.text} is the name of {named}, and the row says {row.concept}"


def _read_as(concept: str) -> str:
    scale = SCALES.get(concept)
    return scale.concept if scale is not None else concept
