"""Problems, encounters, drugs, orders, scans and procedures of a patient file, as FHIR resources."""

from __future__ import annotations

from collections.abc import Iterator

from ehr_sandbox.clock import Clock
from ehr_sandbox.fhir_json import HL7, Json, coded, reference
from ehr_sandbox.observations import quantity
from ehr_sandbox.vocabulary import concept

CLASSES = {"inpatient": "IMP", "ambulatory": "AMB", "emergency": "EMER"}
ROUTES = {"oral": "26643006", "intravenous": "47625008", "subcutaneous": "34206005"}


def problem(each: Json, clock: Clock) -> Iterator[Json]:
    """`{name, onset, status, verification}`."""
    yield {
        "clinicalStatus": coded("condition-clinical", each.get("status", "active")),
        "verificationStatus": coded("condition-ver-status", each.get("verification", "confirmed")),
        "category": [coded("condition-category", "problem-list-item")],
        "code": concept("problems", each["name"]),
        "onsetDateTime": clock.fhir(each["onset"]),
        "recordedDate": clock.fhir(each["onset"]),
    }


def encounter(each: Json, clock: Clock) -> Iterator[Json]:
    """`{kind, start, end, reason}`; open unless an end is given."""
    period = {"start": clock.fhir(each["start"])} | ({"end": clock.fhir(each["end"])} if "end" in each else {})
    yield {
        "status": "finished" if "end" in each else "in-progress",
        "class": {"system": f"{HL7}/v3-ActCode", "code": CLASSES[each["kind"]], "display": each["kind"]},
        "period": period,
        "reasonCode": [concept("problems", each["reason"])],
    }


def drug(each: Json, clock: Clock) -> Iterator[Json]:
    """`{name, start, dose, unit, route, days, status}`."""
    yield {
        "status": each.get("status", "active"),
        "intent": "order",
        "medicationCodeableConcept": concept("drugs", each["name"]),
        "authoredOn": clock.fhir(each["start"]),
        "dosageInstruction": [dosage(each)],
    }


def dosage(each: Json) -> Json:
    """A Dosage from `{dose, unit, route, times (a period), every (days), days, text}`."""
    unit = each.get("unit", "mg")
    amount = f"{each['dose']} {unit}" if "dose" in each else "dose per protocol"
    repeat: Json = {"frequency": each.get("times", 1), "period": each.get("every", 1), "periodUnit": "d"}
    if "days" in each:
        repeat["boundsDuration"] = quantity(each["days"], "d")
    route = each.get("route", "oral")
    coding = {"system": "http://snomed.info/sct", "code": ROUTES[route], "display": route}
    result: Json = {"text": each.get("text", f"{amount} {route}"), "timing": {"repeat": repeat}}
    result["route"] = {"coding": [coding], "text": route}
    return result | ({"doseAndRate": [{"doseQuantity": quantity(each["dose"], unit)}]} if "dose" in each else {})


def order(each: Json, clock: Clock) -> Iterator[Json]:
    """`{name, at, status}`."""
    yield {
        "status": each.get("status", "active"),
        "intent": "order",
        "code": concept("requests", each["name"]),
        "authoredOn": clock.fhir(each["at"]),
    }


def scan(each: Json, clock: Clock) -> Iterator[Json]:
    """`{name, at, id, report}`: an ImagingStudy."""
    known = concept("scans", each["name"])
    yield {
        "status": "available",
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}],
        "started": clock.fhir(each["at"]),
        "procedureCode": [known],
        "description": known["text"],
    }


def report(each: Json, clock: Clock) -> Iterator[Json]:
    """The DiagnosticReport of the same scan, if it has been read."""
    if "report" in each:
        yield {
            "status": "final",
            "category": [coded("v2-0074", "RAD")],
            "code": concept("scans", each["name"]),
            "effectiveDateTime": clock.fhir(each["at"]),
            "issued": clock.fhir(each["at"]),
            "imagingStudy": [reference("ImagingStudy", each["study"])],
            "conclusion": each["report"],
        }


def procedure(each: Json, clock: Clock) -> Iterator[Json]:
    """`{name, start, end}`; running unless an end is given."""
    period = {"start": clock.fhir(each["start"])} | ({"end": clock.fhir(each["end"])} if "end" in each else {})
    yield {
        "status": "completed" if "end" in each else "in-progress",
        "code": concept("procedures", each["name"]),
        "performedPeriod": period,
    }
