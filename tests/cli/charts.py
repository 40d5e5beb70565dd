"""Chart files for the tests of the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.service.calls import (
    CONDITIONS,
    FVC_BEFORE,
    FVC_NOW,
    MDA5,
    OUTPATIENT,
    concept,
    observation,
    patient,
    quantity,
)

AT = "2026-11-22T09:30:00Z"
FERRITIN = [
    observation(
        f"f{day}",
        concept("http://loinc.org", "2276-4", "Ferritin"),
        quantity(value, "ng/mL"),
        f"2026-11-{day}T08:00:00Z",
    )
    for day, value in ((12, 420), (16, 900), (21, 1650))
]
UNREADABLE = {"resourceType": "Observation", "id": "broken", "status": 7, "subject": {"reference": "Patient/p1"}}


def resources() -> list[dict[str, Any]]:
    """One patient who meets the four-condition definition, ferritin rising."""
    conditions = [entry["resource"] for entry in CONDITIONS["entry"]]
    return [patient(), *conditions, MDA5, FVC_BEFORE, FVC_NOW, OUTPATIENT, *FERRITIN]


def write_bundle(folder: Path, *further: dict[str, Any], whole: list[dict[str, Any]] | None = None) -> Path:
    entries = [{"resource": each} for each in (*(resources() if whole is None else whole), *further)]
    file = folder / "chart.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return file


def write_ndjson(folder: Path) -> Path:
    file = folder / "chart.ndjson"
    file.write_text("\n".join(json.dumps(each) for each in resources()))
    return file
