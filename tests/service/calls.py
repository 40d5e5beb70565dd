"""Hook requests for tests: a small chart, the envelope around it, and what every answer must obey."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
NOW = "2026-11-22T09:30:00Z"
INSTANCE = "7a5f6f0e-93b4-4f43-9a50-0d5f6a7b8c9d"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def concept(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def patient(identity: str = "p1", born: str = "1970-02-03") -> Json:
    return {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": born}


def condition(code: str, text: str, onset: str, identity: str, subject: str = "p1") -> Json:
    return {
        "resourceType": "Condition",
        "id": identity,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": concept(SNOMED, code, text),
        "subject": {"reference": f"Patient/{subject}"},
        "onsetDateTime": onset,
        "recordedDate": onset,
    }


def observation(identity: str, code: Json, value: Json, when: str, subject: str = "p1") -> Json:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": code,
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": when,
    } | value


def quantity(value: float, unit: str) -> Json:
    return {"valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}


def bundle(*resources: Json, following: str = "") -> Json:
    page: Json = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}
    return page | ({"link": [{"relation": "next", "url": following}]} if following else {})


POSITIVE = {"valueCodeableConcept": concept(SNOMED, "10828004", "Positive")}
MDA5 = observation("mda5", concept(LOINC, "82424-3", "MDA5 Ab"), POSITIVE, "2026-11-10T08:00:00Z")
FVC = concept(LOINC, "19868-9", "FVC")
FVC_BEFORE = observation("fvc-1", FVC, quantity(3.0, "L"), "2026-10-30T08:00:00Z")
FVC_NOW = observation("fvc-2", FVC, quantity(2.6, "L"), "2026-11-21T08:00:00Z")
CONDITIONS = bundle(
    condition("396230008", "Dermatomyositis", "2026-09-20", "dm"),
    condition("233703007", "Interstitial lung disease", "2026-11-08", "ild"),
    condition("267036007", "Dyspnea", "2026-11-04", "dyspnoea"),
)
OUTPATIENT = {
    "resourceType": "Encounter",
    "id": "visit",
    "status": "in-progress",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "period": {"start": "2026-11-22T07:00:00Z"},
}


def rapid_disease(keys: Mapping[str, str]) -> Json:
    """A prefetch that meets the four-condition definition; every other key of the templates is an empty search."""
    filled: Json = {key: bundle() for key in keys}
    return copy.deepcopy(filled) | {
        "patient": patient(),
        "conditions": copy.deepcopy(CONDITIONS),
        "antibodies": copy.deepcopy(bundle(MDA5)),
        "laboratory": copy.deepcopy(bundle(MDA5)),
        "lungFunction": copy.deepcopy(bundle(FVC_BEFORE, FVC_NOW)),
        "encounters": bundle(OUTPATIENT),
    }


def healthy(keys: Mapping[str, str]) -> Json:
    """A prefetch of a patient with a knee problem."""
    knee = condition("239873007", "Osteoarthritis of knee", "2020-01-01", "knee")
    return {key: bundle() for key in keys} | {"patient": patient(), "conditions": bundle(knee)}


def hook_body(
    hook: str = "patient-view", prefetch: Json | None = None, context: Json | None = None, **fields: Any
) -> Json:
    whole: Json = {
        "hook": hook,
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/dr1", "patientId": "p1"} | (context or {}),
    }
    if prefetch is not None:
        whole["prefetch"] = prefetch
    return whole | fields


def draft(kind: str = "MedicationRequest", **fields: Any) -> Json:
    return {"resourceType": kind, "id": "draft-1", "status": "draft", "subject": {"reference": "Patient/p1"}} | fields


def sent(body: Json) -> bytes:
    return json.dumps(body).encode()


def fresh() -> str:
    return str(uuid.uuid4())


def empty_leaves(value: Any, where: str = "") -> Iterator[str]:
    """CDS Hooks: an optional field without a value is left out."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if child in (None, "", [], {}):
            yield f"{where}.{key}"
        yield from empty_leaves(child, f"{where}.{key}")


def card_faults(card: Json) -> Iterator[str]:
    """What a conformance kit for servers checks on a card, and the portable profile beyond it."""
    if not 0 < len(card["summary"]) < 140 or card["indicator"] not in ("info", "warning", "critical"):
        yield "summary or indicator"
    topic = card["source"]["topic"]
    if not card["source"]["label"] or not topic["system"] or not topic["code"].isalnum() or not topic["display"]:
        yield "source"
    if str(uuid.UUID(card["uuid"])) != card["uuid"]:
        yield "uuid"
    if any(not (each["code"] and each["system"] and each["display"]) for each in card.get("overrideReasons", [])):
        yield "override reason"
    if ("suggestions" in card) != (card.get("selectionBehavior") == "any"):
        yield "selectionBehavior"
    yield from (fault for each in card.get("suggestions", []) for fault in suggestion_faults(each))


def suggestion_faults(suggestion: Json) -> Iterator[str]:
    (action,) = suggestion["actions"]
    if action["type"] != "create" or action["description"] != suggestion["label"] or not uuid.UUID(suggestion["uuid"]):
        yield "action"
    resource = action["resource"]
    if (
        resource["resourceType"] != "ServiceRequest"
        or resource["status"] != "draft"
        or resource["intent"] != "proposal"
    ):
        yield "resource"
    if resource["subject"] != {"reference": "Patient/p1"}:
        yield "subject"
