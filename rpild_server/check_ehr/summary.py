"""An examination as plain tables, the same for terminal, HTML and JSON, and what to paste."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import orjson

from fhir_mappings.code_tables import SYSTEMS
from fhir_mappings.coverage import Sent
from fhir_mappings.queries import ELEMENTS, QUERIES
from rpild_server.check_ehr.data import Element
from rpild_server.check_ehr.examination import Examined
from rpild_server.check_ehr.findings import settings_of
from rpild_server.check_ehr.search_advice import by_key
from rpild_server.check_ehr.searching import FORMS


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One data element: patients that have it, entries read for it, in how many ways, ages in days."""

    name: str
    title: str
    patients: int
    entries: int
    ways: int
    newest: int | None
    oldest: int | None
    counts_for: int | None


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One key: for how many patients it was accepted and held something, how much came, milliseconds."""

    key: str
    kind: str
    accepted: int
    filled: int
    entries: int
    pages: int
    median_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One way in which something was sent; `read_as` is empty for what is not known."""

    element: str
    kind: str
    system: str
    code: str
    text: str
    read_as: str
    count: int


def element_rows(found: Examined) -> list[ElementRow]:
    """All data elements, in the order of their table."""
    counted = found.data.coverage.by_element()
    return [_element(name, found.data.elements.get(name, Element()), *counted[name]) for name in ELEMENTS]


def _element(name: str, element: Element, often: int, ways: int) -> ElementRow:
    table = ELEMENTS[name]
    return ElementRow(
        name, table["title"], len(element.patients), often, ways, element.newest, element.oldest,
        table.get("look_back_days"),
    )  # fmt: skip


def search_rows(found: Examined) -> list[SearchRow]:
    """All keys, in their order."""
    return [
        SearchRow(
            key=key,
            kind=QUERIES[key].kind,
            accepted=sum(each.accepted for each in rows),
            filled=sum(each.entries > 0 for each in rows),
            entries=sum(each.entries for each in rows),
            pages=max(each.pages for each in rows),
            median_ms=round(median(each.seconds for each in rows) * 1000, 1),
            slowest_ms=round(max(each.seconds for each in rows) * 1000, 1),
        )
        for key, rows in by_key(found.searches).items()
    ]


def code_rows(found: Examined) -> list[CodeRow]:
    """What was sent and is read, by element; then what is not known, the most frequent first."""
    coverage = found.data.coverage
    unknown = sorted(coverage.unmapped(), key=lambda row: (-row[1], row[0]))
    return [_code(*each) for each in (*coverage.mapped(), *unknown)]


def _code(sent: Sent, number: int) -> CodeRow:
    system = SYSTEMS.get(sent.system, sent.system)
    return CodeRow(sent.element, sent.kind, system, sent.code, sent.text, ", ".join(sent.concepts), number)


def unit_rows(found: Examined) -> list[tuple[str, str, bool, int]]:
    """Concept, spelling of the unit, whether it is known, how often."""
    units = found.data.coverage.units
    return [(each.concept, each.unit, each.known, number) for each, number in sorted(units.items())]


def record_of(found: Examined) -> str:
    """The start of a record for this EHR, to be pasted into the settings."""
    form = {'patient_form = "id"'} if found.asked.patient_form == FORMS[1] else set()
    lines = ("[[ehrs]]", 'name = ""  # your word for it', f"fhir_bases = {orjson.dumps([found.asked.base]).decode()}")
    return "\n".join(dict.fromkeys((*lines, *form, *settings_of(found.findings)))) + "\n"


def mapping_of(found: Examined) -> str:
    """The rows proposed for the site mapping."""
    return "\n".join(_mappings(found))


def _mappings(found: Examined) -> Iterator[str]:
    yield from dict.fromkeys(each.mapping for each in found.findings if each.mapping)
