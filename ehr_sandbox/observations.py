"""Results and clinicians' statements of a patient file, as FHIR Observations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ehr_sandbox.clock import Clock
from ehr_sandbox.fhir_json import UCUM, Json, coded, reference
from ehr_sandbox.vocabulary import concept, entry, tables

COMPARED = re.compile(r"(?P<comparator><=|>=|<|>)(?P<number>\d+(?:\.\d+)?)")
ATTESTATION = "urn:rpild:attestation"


def results(patient: str, tests: Json, clock: Clock) -> Iterator[Json]:
    """`{test: {offset: value, unit: "..."}}`; a value is a number, ">1500", an answer, or `{value, status, unit}`."""
    for word, series in tests.items():
        unit = series.get("unit", entry("tests", word).get("unit", ""))
        for offset in [key for key in series if key != "unit"]:
            value = series[offset]
            particulars = {"unit": unit} | (value if isinstance(value, dict) else {"value": value})
            identity = f"{patient}-{word}-{offset.lstrip('+-')}"
            yield _result(identity, patient, word, clock.fhir(offset), particulars)


def _result(identity: str, patient: str, word: str, when: str, particulars: Json) -> Json:
    known, unit = entry("tests", word), particulars["unit"]
    result: Json = {"resourceType": "Observation", "id": identity, "status": particulars.get("status", "final")}
    result["category"] = [coded("observation-category", known["group"])]
    result |= {"code": concept("tests", word), "subject": reference("Patient", patient), "effectiveDateTime": when}
    if "T" in when:
        result["issued"] = when
    return result | _value(particulars["value"], unit) | _range(known, unit)


def _value(value: Any, unit: str) -> Json:
    if isinstance(value, str) and value in tables()["answers"]:
        return {"valueCodeableConcept": concept("answers", value)}
    return {"valueQuantity": quantity(value, unit)}


def quantity(value: float | str, unit: str) -> Json:
    """A Quantity; a text such as ">1500" gives its comparator. An empty unit is left out, as some laboratories do."""
    compared = COMPARED.fullmatch(value) if isinstance(value, str) else None
    result: Json = {"value": _number(compared["number"]) if compared else value}
    if compared:
        result["comparator"] = compared["comparator"]
    return result | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _range(known: Json, unit: str) -> Json:
    """The reference range, only if the result came in the usual unit."""
    limits = {side: quantity(known[side], unit) for side in ("low", "high") if side in known}
    return {"referenceRange": [limits]} if limits and unit == known["unit"] else {}


def statements(patient: str, made: list[Json], clock: Clock, author: str, author_name: str) -> Iterator[Json]:
    """What clinicians put on record: `{code, value, at, of = [scan ids], period = [from, to], unit}`."""
    by = reference("Practitioner", author) | {"display": author_name}
    for number, each in enumerate(made):
        result: Json = {"resourceType": "Observation", "id": f"{patient}-statement-{number}", "status": "final"}
        result["category"] = [coded("observation-category", "survey")]
        coding = {"system": ATTESTATION, "code": each["code"]}
        result["code"] = {"coding": [coding], "text": entry("statements", each["code"])["name"]}
        result |= {"subject": reference("Patient", patient), "performer": [by]}
        result |= {"issued": clock.fhir(each["at"])} | _stated_time(each, clock) | _stated_value(each, clock)
        if "of" in each:
            result["derivedFrom"] = [reference("ImagingStudy", f"{patient}-{scan}") for scan in each["of"]]
        yield result


def _stated_time(each: Json, clock: Clock) -> Json:
    if "period" in each:
        start, end = each["period"]
        return {"effectivePeriod": {"start": clock.fhir(start), "end": clock.fhir(end)}}
    return {"effectiveDateTime": clock.fhir(each["at"])}


def _stated_value(each: Json, clock: Clock) -> Json:
    value = each["value"]
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, str) and value.startswith("-"):
        return {"valueDateTime": clock.fhir(value)}
    return {"valueString": value} if isinstance(value, str) else {"valueQuantity": quantity(value, each["unit"])}
