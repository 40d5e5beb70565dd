"""`rpild assess FILE --html OUT`: the page of a chart in a file, one HTML file with its style inside, without forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from fhir_mappings.chart import Chart
from fhir_mappings.identity import Identity, read_identity
from fhir_mappings.mixed import entries_of
from rpild_server.assessing import Assessed
from rpild_server.assets import read_asset
from smart_app.page import View, compose_page
from smart_app.page_texts import page_texts
from smart_app.rendering import STYLES, render_page


@dataclass(frozen=True, slots=True)
class FilePatient:
    """A chart read from a file: everything in it could be asked for, nothing was refused."""

    chart: Chart
    identity: Identity
    read_at: datetime
    not_permitted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def html_of(assessed: Assessed, body: bytes) -> str:
    """The page as one HTML text; `body` is the file that was assessed, for the banner."""
    patient = FilePatient(assessed.chart, identity_in(body, assessed.patient_id), assessed.assessment.now.latest)
    style = "\n".join(read_asset(name).decode() for name in STYLES)
    notice = page_texts().say("page.of_file")
    view = View(style=style, notices=(notice,), max_cards=assessed.max_cards)
    return render_page(compose_page(patient, assessed.assessment, view))


def identity_in(body: bytes, patient_id: str) -> Identity:
    """Who the patient is, by the Patient resource of the file."""
    found = (each for each in _patients(body) if each.get("id") == patient_id)
    return next((read_identity(orjson.dumps(each)) for each in found), Identity())


def _patients(body: bytes) -> Iterator[dict[str, Any]]:
    """The Patient resources of a file; an entry that is no JSON object is none."""
    for raw in entries_of(body):
        try:
            resource = orjson.loads(raw)["resource"]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            yield resource
