"""Clinicians' attestations as Observations (contract): built, checked with the R4B model, withdrawn, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fhir_mappings.attestations import CLINICIANS, SYSTEM, TABLE
from fhir_mappings.code_tables import read_table
from fhir_mappings.dates import PARTIAL, read_time
from fhir_mappings.resources import checked
from fhir_mappings.units import ATTESTED, UCUM
from rpild_rules.when import When

PARTS = read_table("attestation_parts")
IDENTIFIER = str(PARTS["identifier"]["system"])
WITHDRAWN = "entered-in-error"
STUDY, REPORT = "ImagingStudy/", "DiagnosticReport/"
VALUES: Mapping[str, tuple[type, str]] = {
    "boolean": (bool, "valueBoolean"),
    "percent": (Decimal, "valueQuantity"),
    "time": (str, "valueDateTime"),
    "word": (str, "valueString"),
}


class StatementError(ValueError):
    """A statement that the contract does not allow: names the code and the remedy, never the value."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"attestation {code}: {why}")


@dataclass(frozen=True, slots=True)
class ComparedCt:
    """One of two compared CTs: `reference` names the ImagingStudy or its report, `when` is a FHIR date or dateTime.

    Either may be empty, not both.
    """

    reference: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a clinician states. `id` makes a repeated sending one; `value` is a bool, a Decimal (percent), a word of
    the contract, or a FHIR date of any precision; `by` is `Practitioner/id` or `PractitionerRole/id`.
    """

    code: str
    value: bool | Decimal | str
    id: str
    patient: str
    by: str
    by_name: str
    made: datetime
    compared: tuple[ComparedCt, ...] = ()
    method: str = ""


def attestation(statement: Statement) -> dict[str, Any]:
    """The Observation as FHIR JSON, with our id, which an EHR replaces by its own. Raises StatementError."""
    row = _row(statement)
    by = {"reference": statement.by} | ({"display": statement.by_name} if statement.by_name else {})
    drafted = {
        "resourceType": "Observation",
        "id": statement.id,
        "identifier": [{"system": IDENTIFIER, "value": statement.id}],
        "status": "final",
        "category": [{"coding": [PARTS["category"]]}],
        "code": {"coding": [{"system": SYSTEM, "code": statement.code, "display": row["display"]}]},
        "subject": {"reference": f"Patient/{statement.patient}"},
        "performer": [by],
        "issued": _instant(statement.made),
        **_effective(statement, row),
        **_value(statement, row),
        **_sources(statement.compared),
    }
    return checked(drafted | ({"method": {"text": statement.method}} if statement.method else {}))


def withdrawn(observation: Mapping[str, Any], by: str, by_name: str, now: datetime) -> dict[str, Any]:
    """The same Observation under the same id as entered in error, with a note of who said so and when."""
    author = {"authorReference": {"reference": by} | ({"display": by_name} if by_name else {})}
    note = author | {"time": _instant(now), "text": "Entered in error."}
    return checked(dict(observation) | {"status": WITHDRAWN, "note": [*observation.get("note", ()), note]})


def fhir_time(when: When | None) -> str:
    """A time of the chart as FHIR writes it, as precise as it is known; empty for one that has no such form."""
    if when is None:
        return ""
    if when.exact:
        return _instant(when.earliest)
    return when.printed if PARTIAL.match(when.printed) else ""


def _row(statement: Statement) -> Mapping[str, Any]:
    """The row of a statement that the contract allows."""
    code = statement.code
    row: Mapping[str, Any] | None = TABLE.get(code)
    if row is None:
        raise StatementError(code, "no such code; use one of codes/attestations.toml")
    kind, _ = VALUES[row["value"]]
    if not isinstance(statement.value, kind) or not _allowed(statement, row):
        raise StatementError(code, f"the value is not one of kind {row['value']}")
    if not statement.by.startswith(CLINICIANS):
        raise StatementError(code, "only a Practitioner or PractitionerRole attests")
    if bool(statement.compared) and not row.get("compares", False):
        raise StatementError(code, "it compares no CTs; leave them out")
    return row


def _allowed(statement: Statement, row: Mapping[str, Any]) -> bool:
    value = statement.value
    if row["value"] == "word":
        return value in row["words"]
    if row["value"] == "time":
        return read_time(str(value), UTC) is not None
    scale = ATTESTED.get(statement.code)
    return scale is None or (isinstance(value, Decimal) and scale.low <= value <= scale.high)


def _value(statement: Statement, row: Mapping[str, Any]) -> dict[str, Any]:
    _, name = VALUES[row["value"]]
    if not isinstance(statement.value, Decimal):
        return {name: statement.value}
    unit = ATTESTED[statement.code].unit
    return {name: {"value": statement.value, "unit": unit, "system": UCUM, "code": unit}}


def _effective(statement: Statement, row: Mapping[str, Any]) -> dict[str, Any]:
    """When it holds: the dates of the compared CTs, where known, or when it was said."""
    if not row.get("by_period"):
        return {"effectiveDateTime": _instant(statement.made)}
    times = [each.when for each in statement.compared]
    period = {name: when for name, when in zip(("start", "end"), times, strict=False) if when}
    return {"effectivePeriod": period} if period else {}


def _sources(compared: Iterable[ComparedCt]) -> dict[str, Any]:
    """Studies as what it is derived from, reports as what it is about."""
    named = [each.reference for each in compared]
    kinds = {"derivedFrom": [*_references(named, STUDY)], "focus": [*_references(named, REPORT)]}
    return {name: found for name, found in kinds.items() if found}


def _references(named: Iterable[str], kind: str) -> Iterator[dict[str, str]]:
    return ({"reference": each} for each in named if each.startswith(kind))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
