"""FHIR as JSON objects, and the few shapes that every resource of this EHR shares."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"
HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"


def coded(table: str, code: str) -> Json:
    """A CodeableConcept with one coding from an HL7 code system."""
    return {"coding": [{"system": f"{HL7}/{table}", "code": code}]}


def reference(kind: str, identity: str) -> Json:
    """A relative reference."""
    return {"reference": f"{kind}/{identity}"}


def outcome(code: str, text: str) -> Json:
    """An OperationOutcome with one error."""
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def as_list(value: Any) -> list[Any]:
    """The values of an element that may repeat, stand alone or be absent."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def patient_of(resource: Json) -> str:
    """The id of the patient in whose compartment a resource lies; empty if in none."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    found: Any = next((resource[name] for name in ("subject", "patient") if name in resource), {})
    text = str(found.get("reference", "")) if isinstance(found, dict) else ""
    return text.rpartition("Patient/")[2] if "Patient/" in text else ""
