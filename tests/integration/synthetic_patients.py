"""Our synthetic patients on somebody else's FHIR server: loaded under ids of one run, and removed again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from ehr_sandbox.charting import load_patients
from ehr_sandbox.records import Records

Json = dict[str, Any]
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
REFERENCE = re.compile(r'"(Patient|Practitioner|Encounter|ImagingStudy)/([^"/]+)"')
PATIENCE = 60
THICK, PAGES_FULL = "classic", 450


class CannotWriteError(Exception):
    """The server does not take our patients; the text says what it answered."""


@dataclass(frozen=True)
class Loaded:
    """The charts as they stand on the server: resources by patient id."""

    charts: dict[str, list[Json]] = field(default_factory=dict)


@contextmanager
def loaded(base: str, run: str) -> Iterator[Loaded]:
    """The demo's patients on the server while the block runs; raises CannotWriteError with nothing left behind."""
    charts = {f"{run}-{each.id}": _chart(run, each.id) for each in load_patients()}
    try:
        for resources in charts.values():
            _send(base, [_put(each) for each in resources])
        yield Loaded(charts)
    finally:
        for resources in reversed(charts.values()):
            _remove(base, [f"{each['resourceType']}/{each['id']}" for each in reversed(resources)])


def _remove(base: str, references: list[str]) -> None:
    """A chart at once, or piece by piece where the server does not take that."""
    try:
        _send(base, [{"request": {"method": "DELETE", "url": each}} for each in references])
    except CannotWriteError:
        for each in references:
            requests.delete(f"{base}/{each}", timeout=PATIENCE)


def _chart(run: str, patient: str) -> list[Json]:
    """One chart under this run's ids, without what a server sets by itself."""
    text = json.dumps(Records(load_patients()).chart(patient))
    moved: list[Json] = json.loads(REFERENCE.sub(rf'"\1/{run}-\2"', text))
    for each in moved:
        each["id"] = f"{run}-{each['id']}"
        del each["meta"]
    return [*moved, *_bulk(run)] if patient == THICK else moved


def _bulk(run: str) -> Iterator[Json]:
    """Old results of no interest, so many that the laboratory search has several pages."""
    day = datetime.now(UTC).date() - timedelta(days=200)
    for number in range(PAGES_FULL):
        yield {
            "resourceType": "Observation",
            "id": f"{run}-sodium-{number}",
            "status": "final",
            "category": [{"coding": [{"system": CATEGORY, "code": "laboratory"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}], "text": "Sodium"},
            "subject": {"reference": f"Patient/{run}-{THICK}"},
            "effectiveDateTime": day.isoformat(),
            "valueQuantity": {"value": 140, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        }


def _put(resource: Json) -> Json:
    return {
        "resource": resource,
        "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
    }


def _send(base: str, entries: list[Json]) -> None:
    body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = requests.post(base, json=body, headers={"Content-Type": "application/fhir+json"}, timeout=PATIENCE)
    if not answer.ok:
        raise CannotWriteError(f"{base} answered a transaction with {answer.status_code}: {answer.text[:300]}")


def patients_found(base: str, most: int = 5) -> list[str]:
    """Ids of patients that the server holds already."""
    answer = requests.get(f"{base}/Patient?_count={most}", timeout=PATIENCE)
    answer.raise_for_status()
    return [each["resource"]["id"] for each in answer.json().get("entry", [])][:most]
