"""What is asked of an EHR: prefetch templates, searches and SMART scopes, all derived from queries.toml and the
code tables.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fhir_mappings.attestations import SYSTEM as ATTESTATION
from fhir_mappings.attestations import TABLE as ATTESTATIONS
from fhir_mappings.code_tables import canonical, codes_of, read_table

ELEMENTS: dict[str, dict[str, Any]] = read_table("elements")
PATIENT = "{{context.patientId}}"
ALSO_READ = ("Medication",)


@dataclass(frozen=True, slots=True)
class Query:
    """One key: a read (`Patient`) or a search, what it feeds, and when it is asked."""

    key: str
    kind: str
    elements: tuple[str, ...]
    aids: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    date: str
    count: int
    look_back: int | None
    gate: bool
    opens: tuple[str, ...]

    @property
    def is_read(self) -> bool:
        return self.kind == "Patient"

    def days_for(self, element: str) -> int | None:
        """How far back this key must reach for an element, in days; None = all."""
        limits = [days for days in (self.look_back, ELEMENTS[element].get("look_back_days")) if days is not None]
        return min(limits, default=None)

    @property
    def days(self) -> int | None:
        """How far back this key must reach for all its elements, in days; None = all."""
        wanted = [self.days_for(element) for element in (*self.elements, *self.aids)]
        return None if None in wanted else max(days for days in wanted if days is not None)


def _codes(elements: Iterable[str]) -> Iterator[str]:
    for element in elements:
        if element == "E-ATT":
            yield from (f"{ATTESTATION}|{code}" for code in ATTESTATIONS)
        for concept in ELEMENTS[element]["concepts"]:
            yield from (f"{canonical('LOINC')}|{code}" for code in codes_of(concept, "LOINC"))


def _parameters(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from table.get("fixed", {}).items()
    if "codes" in table:
        yield "code", ",".join(dict.fromkeys(_codes(table["codes"])))
    if "sort" in table:
        yield "_sort", table["sort"]
    if "count" in table:
        yield "_count", str(table["count"])


def _query(key: str, table: dict[str, Any]) -> Query:
    return Query(
        key=key,
        kind=table["type"],
        elements=tuple(table["elements"]),
        aids=tuple(table.get("aids", ())),
        parameters=tuple(_parameters(table)),
        date=table.get("date", ""),
        count=table.get("count", 0),
        look_back=table.get("look_back_days"),
        gate=table.get("gate", False),
        opens=tuple(table.get("opens", ())),
    )


TABLE = tomllib.loads((Path(__file__).parent / "queries.toml").read_text(encoding="utf-8"))
QUERIES = {key: _query(key, table) for key, table in TABLE.items()}
KEYS = tuple(QUERIES)
GATE_KEYS = tuple(key for key, query in QUERIES.items() if query.gate)
LATER_KEYS = tuple(key for key in KEYS if key not in GATE_KEYS)
REQUIRED_KEYS = tuple(
    key for key, query in QUERIES.items() if any(ELEMENTS[each].get("required") for each in query.elements)
)
ELEMENT_KEYS = {
    element: tuple(key for key, query in QUERIES.items() if element in query.elements) for element in ELEMENTS
}


def keys_of(elements: Iterable[str]) -> tuple[str, ...]:
    """The further keys that the gate needs for some elements (`E-FERR`, `E-CT`, `E-O2`), in the order of the table."""
    wanted = frozenset(elements)
    return tuple(key for key, query in QUERIES.items() if wanted & set(query.opens) and not query.gate)


PROFILES = {
    "generic": (KEYS, False),
    "dated": (KEYS, True),
    "lean": (GATE_KEYS, False),
    "lean-dated": (GATE_KEYS, True),
}


@cache
def templates(_service: str = "", profile: str = "generic") -> dict[str, str]:
    """Prefetch templates by key, the same for every service. Profile `generic` has no dates; `dated` uses `today() -
    N days`; `lean` and `lean-dated` hold the keys of the gate only.

    Raises KeyError for another profile.
    """
    keys, dated = PROFILES[profile]
    return {key: _template(QUERIES[key], dated) for key in keys}


def _template(query: Query, dated: bool) -> str:
    if query.is_read:
        return f"{query.kind}/{PATIENT}"
    since = [(query.date, f"ge{{{{today() - {query.days} days}}}}")] if dated and query.date and query.days else []
    return f"{query.kind}?" + "&".join(
        f"{name}={value}" for name, value in [("patient", PATIENT), *since, *query.parameters]
    )


def searches(
    patient_id: str, now: datetime, keys: Iterable[str] = KEYS, patient_form: str = "Patient/{}"
) -> dict[str, str]:
    """Our own reads and searches by key, relative to the FHIR base, percent-encoded.

    `patient_form` is what the site configured.
    """
    return {key: _search(QUERIES[key], patient_id, now.date(), patient_form) for key in keys}


def _search(query: Query, patient_id: str, today: date, patient_form: str) -> str:
    if query.is_read:
        return f"{query.kind}/{quote(patient_id, safe='')}"
    since = (
        [(query.date, f"ge{(today - timedelta(days=query.days + 1)).isoformat()}")] if query.date and query.days else []
    )
    parameters = [("patient", patient_form.format(patient_id)), *since, *query.parameters]
    return f"{query.kind}?{urlencode(parameters, quote_via=quote, safe='')}"


def scopes(version: int = 2, level: str = "patient") -> tuple[str, ...]:
    """The SMART scopes that the reads need: version 2 (`.rs`) or 1 (`.read`)."""
    kinds = sorted({*(query.kind for query in QUERIES.values()), *ALSO_READ})
    return tuple(f"{level}/{kind}.{'rs' if version == 2 else 'read'}" for kind in kinds)
