"""The order pad: the catalogue of common orders, and the drafts that go into a hook call."""

from __future__ import annotations

import json
import tomllib
import uuid
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ehr_sandbox.charting import PRACTITIONER
from ehr_sandbox.fhir_json import Json, reference
from ehr_sandbox.record_entries import dosage
from ehr_sandbox.vocabulary import concept, entry
from ehr_sandbox.writing import is_well_shaped

FILE = Path(__file__).parent / "orders.toml"


class DraftError(ValueError):
    """A draft that may not go on this patient's order pad; the text is fit to show."""


@cache
def groups() -> list[Json]:
    """The catalogue as shown: `{name, orders: [{id, name, detail, ...}]}`."""
    found: list[Json] = tomllib.loads(FILE.read_text(encoding="utf-8"))["group"]
    return [group | {"orders": [each | {"name": _name(each)} for each in group["orders"]]} for group in found]


def _name(order: Json) -> str:
    table = "drugs" if "drug" in order else "requests"
    return str(entry(table, order.get("drug") or order["request"])["name"])


def placed(order: Json, when: str) -> Json:
    """A suggested order as it stands in the record once it is placed: active, under an id of its own."""
    fixed = {"id": f"placed-{uuid.uuid4()}", "status": "active", "intent": "order", "authoredOn": when}
    return order | fixed | {"requester": reference("Practitioner", PRACTITIONER)}


@cache
def catalogue() -> dict[str, Json]:
    """Order id to order."""
    return {order["id"]: order for group in groups() for order in group["orders"]}


def draft(order: str, patient: str, authored: str) -> Json:
    """A catalogue order as a draft MedicationRequest or ServiceRequest. KeyError if there is no such order."""
    chosen = catalogue()[order]
    shared = {"id": f"draft-{order}", "status": "draft", "intent": "order", "subject": reference("Patient", patient)}
    shared |= {"authoredOn": authored, "requester": reference("Practitioner", PRACTITIONER)}
    if "request" in chosen:
        return {"resourceType": "ServiceRequest"} | shared | {"code": concept("requests", chosen["request"])}
    sentence = dosage(chosen | {"text": chosen["detail"]})
    medication = {"medicationCodeableConcept": concept("drugs", chosen["drug"]), "dosageInstruction": [sentence]}
    return {"resourceType": "MedicationRequest"} | shared | medication


def suggested_draft(found: str | Json, patient: str, number: int) -> Json:
    """A draft that a card suggested, from the card or (as JSON text) back from the page.

    Raises DraftError unless it is a request for this patient.
    """
    try:
        resource = json.loads(found) if isinstance(found, str) else found
    except ValueError as problem:
        raise DraftError("a suggested order could not be read back from the page") from problem
    if not isinstance(resource, dict) or resource.get("resourceType") not in ("ServiceRequest", "MedicationRequest"):
        raise DraftError("a card suggested something that is not an order; this EHR takes orders only")
    if resource.get("subject", {}).get("reference") != f"Patient/{patient}":
        raise DraftError("a card suggested an order for another patient; it was not added")
    if resource["resourceType"] == "ServiceRequest" and not is_well_shaped("ServiceRequest", resource):
        raise DraftError("a card suggested an order that has not the shape of one; it was not added")
    return {"id": f"draft-suggested-{number}"} | resource


def name_of(resource: Json) -> str:
    """What an order is called on the page."""
    known = resource.get("code") or resource.get("medicationCodeableConcept") or {}
    displays: Iterable[str] = (coding["display"] for coding in known.get("coding", []) if coding.get("display"))
    return str(known.get("text") or next(iter(displays), "Order without a name"))
