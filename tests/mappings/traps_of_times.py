"""Traps of time (row D5) with what is shown of them, and of draft orders (row H16)."""

from __future__ import annotations

from typing import Any

from tests.mappings.charts import LOINC, RXNORM, code, quantity, resource

FERRITIN = {"code": code(LOINC, "2276-4"), "valueQuantity": quantity(900, "ng/mL")}


def timed(**members: Any) -> dict[str, Any]:
    return FERRITIN | members


TIMES: list[tuple[str, dict[str, Any], str]] = [
    ("year only", timed(effectiveDateTime="2026"), "2026"),
    ("month only", timed(effectiveDateTime="2026-11"), "2026-11"),
    ("day only", timed(effectiveDateTime="2026-11-21"), "2026-11-21"),
    ("clock time without a zone is its day", timed(effectiveDateTime="2026-11-21T08:00:00"), "2026-11-21"),
    ("another zone", timed(effectiveDateTime="2026-11-21T23:30:00-05:00"), "2026-11-22 04:30"),
    ("a fraction of a second", timed(effectiveDateTime="2026-11-21T08:00:00.123Z"), "2026-11-21 08:00"),
    ("the second :60", timed(effectiveDateTime="2016-12-31T23:59:60Z"), "2017-01-01 00:00"),
    ("the second :61 is none", timed(effectiveDateTime="2016-12-31T23:59:61Z"), "no time"),
    ("24:00 is refused", timed(effectiveDateTime="2026-11-21T24:00:00Z"), "no time"),
    ("leap day", timed(effectiveDateTime="2024-02-29"), "2024-02-29"),
    ("no leap day", timed(effectiveDateTime="2026-02-29"), "no time"),
    ("month 13", timed(effectiveDateTime="2026-13"), "no time"),
    ("the year 1900", timed(effectiveDateTime="1900-01-01"), "1900-01-01"),
    ("in the future it stays as it is", timed(effectiveDateTime="2026-12-24T08:00:00Z"), "2026-12-24 08:00"),
    ("a period counts by its end", timed(effectivePeriod={"start": "2026-11-20", "end": "2026-11-21"}), "2026-11-21"),
    ("an open period counts by its start", timed(effectivePeriod={"start": "2026-11-20"}), "2026-11-20"),
    ("an instant", timed(effectiveInstant="2026-11-21T08:00:00Z"), "2026-11-21 08:00"),
    ("issued only is marked", timed(issued="2026-11-21T08:00:00Z"), "2026-11-21 08:00 issued"),
    ("a Timing is not read", timed(effectiveTiming={"event": ["2026-11-21"]}), "no time"),
    ("no time at all", timed(), "no time"),
    ("words", timed(effectiveDateTime="yesterday"), "no time"),
    ("a blank in place of T", timed(effectiveDateTime="2026-11-21 08:00"), "no time"),
]

DRUG = code(RXNORM, "42316")
DRAFTS: list[tuple[str, list[Any], list[str]]] = [
    ("no drafts", [], []),
    (
        "a draft without intent and status",
        [resource("MedicationRequest", medicationCodeableConcept=DRUG)],
        ["drug tacrolimus any no-status"],
    ),
    ("a draft without a medication", [resource("MedicationRequest", status="draft")], ["drug unresolved any draft"]),
    (
        "a category that is an object",
        [resource("MedicationRequest", status="draft", category={"text": "x"}, medicationCodeableConcept=DRUG)],
        ["drug tacrolimus any draft"],
    ),
    (
        "a cancelled draft is marked",
        [resource("MedicationRequest", status="cancelled", medicationCodeableConcept=DRUG)],
        ["drug tacrolimus any cancelled"],
    ),
    (
        "an erroneous draft is skipped",
        [resource("MedicationRequest", status="entered-in-error", medicationCodeableConcept=DRUG)],
        [],
    ),
    (
        "a Medication that comes with the draft",
        [
            resource("MedicationRequest", status="draft", medicationReference={"reference": "Medication/m"}),
            {"resourceType": "Medication", "id": "m", "code": DRUG},
        ],
        ["drug tacrolimus any draft"],
    ),
    *[
        (
            f"a draft with a malformed {name} is read without it, and listed",
            [resource("MedicationRequest", status="draft", medicationCodeableConcept=DRUG) | {name: value}],
            [f"drug tacrolimus any {status}", f"unreadable {listed} MedicationRequest unstructured"],
        )
        for name, value, status, listed in (
            ("dosageInstruction", "1x", "draft", "MedicationRequest/r1"),
            ("id", 7, "draft", "MedicationRequest"),
            ("authoredOn", 7, "draft", "MedicationRequest/r1"),
            ("status", {"a": 1}, "no-status", "MedicationRequest/r1"),
        )
    ],
    (
        "a draft whose drug is malformed is an unresolved drug",
        [resource("MedicationRequest", status="draft", medicationCodeableConcept="methotrexate")],
        ["drug unresolved any draft", "unreadable MedicationRequest/r1 MedicationRequest unstructured"],
    ),
    (
        "a malformed service request",
        [resource("ServiceRequest", status="draft", code={"text": "HRCT"}, authoredOn=7)],
        ["order hrct", "unreadable ServiceRequest/r1 ServiceRequest unstructured"],
    ),
    (
        "a draft that does not tell whose it is",
        [resource("MedicationRequest", medicationCodeableConcept=DRUG, subject="Patient/p1")],
        ["unreadable MedicationRequest/r1 MedicationRequest unstructured"],
    ),
    (
        "a malformed resource of another kind",
        [resource("Observation", status=7)],
        ["unreadable Observation/r1 Observation unstructured"],
    ),
    ("a draft without a type", [{"resourceType": None, "id": "x"}], []),
    ("a device request", [resource("DeviceRequest", status="draft", codeCodeableConcept={"text": "CPAP"})], []),
    ("a nutrition order", [resource("NutritionOrder", status="draft")], []),
    ("a type that nobody knows", [resource("UnheardOf", status="draft")], []),
    ("no type at all", [{"resourceType": "", "id": "x", "status": "draft"}], []),
    (
        "a vision prescription beside a drug",
        [
            resource("VisionPrescription", status="draft"),
            resource("MedicationRequest", "m2", medicationCodeableConcept=DRUG),
        ],
        ["drug tacrolimus any no-status"],
    ),
    ("a service request without anything", [resource("ServiceRequest")], ["order other"]),
    (
        "five hundred drafts",
        [resource("ServiceRequest", f"d{n}", code={"text": "HRCT"}) for n in range(500)],
        ["order hrct"] * 500,
    ),
]
