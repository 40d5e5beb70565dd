"""The charts that the bench sends: 200 laboratory results, 20 conditions, 30 prescriptions, all invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

PATIENT = "bench-1"
LOINC, SNOMED, RXNORM = "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
HL7 = "http://terminology.hl7.org/CodeSystem"

EVERYDAY = (
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 139),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 4.1),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.9),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 96),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 13.2),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 241),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 9.3),
    ("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", 103),
)
TRENDS = (
    ("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "ng/mL", 1480.5),
    ("2532-0", "Lactate dehydrogenase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 438),
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", 21.4),
    ("731-0", "Lymphocytes [#/volume] in Blood by Automated count", "10*3/uL", 0.45),
)
HABITS = (
    ("38341003", "Hypertension"),
    ("44054006", "Diabetes mellitus type 2"),
    ("239873007", "Osteoarthritis of knee"),
)
DISEASE = (
    ("396230008", "Dermatomyositis", 60),
    ("233703007", "Interstitial lung disease", 14),
    ("267036007", "Dyspnea", 18),
)
TABLETS = (("6809", "Metformin"), ("29046", "Lisinopril"), ("83367", "Atorvastatin"), ("161", "Acetaminophen"))


def stamp(now: datetime, days: float) -> str:
    """An instant so many days ago."""
    return (now - timedelta(days=days)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def concept(system: str, code: str, display: str) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def observation(id: str, kind: tuple[str, str, str, float], when: str, category: str = "laboratory") -> Json:
    """A result as a hospital's server sends it, with the fields that no rule reads."""
    code, display, unit, value = kind
    amount = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {
        "resourceType": "Observation",
        "id": id,
        "meta": {"versionId": "1", "lastUpdated": when},
        "status": "final",
        "category": [{"coding": [{"system": f"{HL7}/observation-category", "code": category, "display": category}]}],
        "code": concept(LOINC, code, display),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "encounter": {"reference": "Encounter/bench-visit"},
        "effectiveDateTime": when,
        "issued": when,
        "performer": [{"reference": "Organization/bench-laboratory", "display": "Central laboratory"}],
        "valueQuantity": amount,
        "interpretation": [concept(f"{HL7}/v3-ObservationInterpretation", "N", "Normal")],
        "specimen": {"reference": f"Specimen/s-{id}", "display": "Blood"},
        "referenceRange": [{"low": amount, "high": amount}],
    }


def condition(id: str, code: str, display: str, onset: str) -> Json:
    """An active, confirmed problem."""
    return {
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": concept(f"{HL7}/condition-clinical", "active", "Active"),
        "verificationStatus": concept(f"{HL7}/condition-ver-status", "confirmed", "Confirmed"),
        "category": [concept(f"{HL7}/condition-category", "problem-list-item", "Problem List Item")],
        "code": concept(SNOMED, code, display),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "onsetDateTime": onset,
        "recordedDate": onset,
    }


def prescription(id: str, code: str, display: str, when: str, status: str = "active") -> Json:
    """A drug order."""
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept(RXNORM, code, display),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": when,
        "requester": {"reference": "Practitioner/bench-doctor"},
        "dosageInstruction": [
            {"text": "as directed", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
        ],
    }


def patient() -> Json:
    """An adult."""
    name = [{"family": "Bench", "given": ["Synthetic"]}]
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "active": True,
        "name": name,
        "gender": "female",
        "birthDate": "1971-03-04",
    }


def results(now: datetime, kinds: tuple[tuple[str, str, str, float], ...], count: int) -> Iterator[Json]:
    """So many laboratory results over the last eight weeks, newest first."""
    for number in range(count):
        yield observation(f"lab-{number}", kinds[number % len(kinds)], stamp(now, 0.3 + number * 56 / count))


def background(now: datetime, conditions: int) -> Iterator[Json]:
    """The patient, everyday problems and thirty prescriptions."""
    yield patient()
    for number in range(conditions):
        yield condition(f"c-{number}", *HABITS[number % len(HABITS)], stamp(now, 200 + number)[:10])
    for number in range(30):
        yield prescription(f"m-{number}", *TABLETS[number % len(TABLETS)], stamp(now, 3 + number))


def irrelevant(now: datetime, count: int = 200) -> list[Json]:
    """Nothing to do with this disease: the gate closes."""
    return [*background(now, 20), *results(now, EVERYDAY, count)]


def relevant(now: datetime, count: int = 199) -> list[Json]:
    """Anti-MDA5 dermatomyositis with a falling FVC and four markers followed for weeks: everything is evaluated."""
    mda5 = observation("mda5", ("82424-3", "MDA5 Ab [Presence] in Serum by Line blot", "", 0), stamp(now, 14))
    for unread in ("valueQuantity", "interpretation", "referenceRange"):
        del mda5[unread]
    mda5["valueCodeableConcept"] = concept(SNOMED, "10828004", "Positive")
    volume = ("19868-9", "Forced vital capacity [Volume] Respiratory system by Spirometry", "L")
    lung = [
        observation("fvc-1", (*volume, 3.0), stamp(now, 23), "procedure"),
        observation("fvc-2", (*volume, 2.6), stamp(now, 1), "procedure"),
    ]
    disease = [condition(f"d-{code}", code, name, stamp(now, days)[:10]) for code, name, days in DISEASE]
    return [*background(now, 17), *disease, mda5, *lung, *results(now, EVERYDAY + TRENDS, count)]
