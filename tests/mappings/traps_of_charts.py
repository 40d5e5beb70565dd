"""Traps of whole charts: rows H14, H16, D6, D8, D9, D11, D12, D14 of the fault list, encounters and the data notes."""

from __future__ import annotations

from typing import Any

from tests.mappings.charts import ACT, LOINC, SNOMED, Json, code, observation, quantity, resource
from tests.mappings.traps_of_codes import Row, asked, lab

V2 = "http://terminology.hl7.org/CodeSystem/v2-0004"


def visit(system: str, letter: str) -> Json:
    return resource("Encounter", status="in-progress", **{"class": {"system": system, "code": letter}})


def version(value: int, stamp: str, **members: Any) -> Json:
    return lab("2276-4", value, "ng/mL", meta={"lastUpdated": stamp}, **members)


def about(*references: str, **members: Any) -> Json:
    """A positive anti-MDA5 result whose focus is said."""
    return observation(
        concept=code(LOINC, "107563-9"),
        valueCodeableConcept={"text": "Positive"},
        focus=[{"reference": each} for each in references],
        **members,
    )


UNUSED = "unreadable Observation/o1 anti-mda5-qual not-comparable"

CHARTS: list[Row] = [
    ("a result about the patient, said twice", [about("Patient/p1")], ["anti-mda5-qual positive"]),
    (
        "a focus that is the patient at a server",
        [about("https://ehr.example/fhir/Patient/p1/_history/2")],
        ["anti-mda5-qual positive"],
    ),
    ("a result about another patient", [about("Patient/zz")], [UNUSED]),
    ("a result about a donor", [about("RelatedPerson/donor")], [UNUSED]),
    ("a result about patient and group", [about("Patient/p1", "Group/g")], [UNUSED]),
    ("a focus that names nothing", [about("")], [UNUSED]),
    ("a result about a report", [about("DiagnosticReport/r")], [UNUSED]),
    ("a cancelled result about a donor", [about("RelatedPerson/donor", status="cancelled")], []),
    (
        "a saturation of a child unborn",
        [
            observation(
                concept=code(LOINC, "59408-5"),
                valueQuantity=quantity(81, "%"),
                focus=[{"reference": "RelatedPerson/f"}],
            )
        ],
        ["unreadable Observation/o1 spo2 not-comparable"],
    ),
    (
        "gases about a device, by their components",
        [
            observation(
                concept=code(LOINC, "24336-0"),
                component=[{"code": code(LOINC, "2703-7"), "valueQuantity": quantity(62, "mm[Hg]")}],
                focus=[{"reference": "Device/x"}],
            )
        ],
        ["unreadable Observation/o1 pao2 not-comparable"],
    ),
    (
        "a report that rests on a donor's result",
        [
            about("RelatedPerson/donor"),
            resource(
                "DiagnosticReport",
                status="final",
                code=code(LOINC, "107563-9"),
                conclusion="Positive",
                result=[{"reference": "Observation/o1"}],
            ),
        ],
        [UNUSED],
    ),
    (
        "one bad entry among others",
        [
            lab("2276-4", 900, "ng/mL"),
            {"resourceType": "Observation", "id": "b", "code": [], "subject": {"reference": "Patient/p1"}},
        ],
        ["ferritin 900 ng/mL", "unreadable Observation/b Observation unstructured"],
    ),
    (
        "null members are as if absent",
        [
            lab("2276-4", 900, "ng/mL")
            | {"note": None, "component": None, "interpretation": None, "referenceRange": None}
        ],
        ["ferritin 900 ng/mL"],
    ),
    (
        "two values of the same minute stay two",
        [lab("2276-4", 900, "ng/mL"), lab("2276-4", 1200, "ng/mL") | {"id": "o2"}],
        ["ferritin 900 ng/mL", "ferritin 1200 ng/mL"],
    ),
    (
        "a corrected version replaces the first",
        [version(900, "2026-11-20T08:00:00Z"), version(1200, "2026-11-21T08:00:00Z", status="corrected")],
        ["ferritin 1200 ng/mL"],
    ),
    (
        "the same entry twice counts once",
        [lab("2276-4", 900, "ng/mL"), lab("2276-4", 900, "ng/mL")],
        ["ferritin 900 ng/mL"],
    ),
    (
        "interpretation only",
        [observation(concept=code(LOINC, "2276-4"), interpretation=[code("x", "H")])],
        ["ferritin [no-data]"],
    ),
    (
        "a component with its own code",
        [
            observation(
                concept=code(LOINC, "24336-0"),
                component=[
                    {"code": code(LOINC, "2703-7"), "valueQuantity": quantity(62, "mm[Hg]")},
                    {"code": code(LOINC, "2744-1"), "valueQuantity": quantity(7.41, "[pH]")},
                ],
            )
        ],
        ["pao2 62 mm[Hg]", "ph-arterial 7.41 [pH]"],
    ),
    (
        "the device of a room air statement",
        [observation(concept=code(SNOMED, "722742002", "Breathing room air"))],
        ["support room-air"],
    ),
    (
        "a delivery mechanism in words",
        [observation(concept=code(LOINC, "3152-6"), valueString="High flow nasal cannula")],
        ["support hfnc"],
    ),
    (
        "a delivery mechanism that nobody knows",
        [observation(concept=code(LOINC, "3152-6"), valueString="blow-by")],
        ["unreadable Observation/o1 o2-delivery-mechanism unstructured"],
    ),
    (
        "a device by its words",
        [resource("DeviceUseStatement", status="active", device={"display": "BiPAP"})],
        ["support niv"],
    ),
    *[
        (f"class {letter}", [visit(system, letter)], [f"stay {kind}"])
        for system, letter, kind in (
            (ACT, "IMP", "stay"),
            (ACT, "ACUTE", "stay"),
            (ACT, "NONAC", "stay"),
            (ACT, "OBSENC", "stay"),
            (ACT, "SS", "stay"),
            (ACT, "EMER", "emergency"),
            (ACT, "AMB", "other"),
            (V2, "I", "stay"),
            (V2, "E", "emergency"),
            (V2, "O", "other"),
            (V2, "B", "unknown"),
            (V2, "C", "unknown"),
            (V2, "N", "unknown"),
            (V2, "U", "unknown"),
        )
    ],
    (
        "names with markup stay as sent",
        [asked({"text": "<script>tacrolimus</script> [x](javascript:1)"})],
        ["drug tacrolimus any active"],
    ),
    (
        "a high resolution CT in words",
        [resource("ImagingStudy", description="CT CHEST HIGH RESOLUTION W/O CONTRAST")],
        ["scan ct-chest"],
    ),
    ("a plain CT in words", [resource("ImagingStudy", description="CT chest without contrast")], ["scan ct-chest"]),
    ("an abdominal CT in words", [resource("ImagingStudy", description="CT abdomen")], []),
    (
        "a report of a CT by code",
        [resource("DiagnosticReport", status="final", code=code(LOINC, "24627-2"))],
        ["scan ct-chest"],
    ),
    (
        "a registered report is none yet",
        [resource("DiagnosticReport", status="registered", code=code(LOINC, "24627-2"))],
        [],
    ),
    (
        "narrative without a div",
        [resource("DiagnosticReport", status="final", code=code(LOINC, "24627-2"), text={"status": "generated"})],
        ["scan ct-chest"],
    ),
    ("an order in words", [resource("ServiceRequest", status="active", code={"text": "HRCT chest"})], ["order hrct"]),
    (
        "a resource of nobody is shown, not used",
        [lab("2276-4", 900, "ng/mL") | {"subject": {}}],
        ["unreadable Observation/o1 Observation unstructured"],
    ),
    (
        "a culture follows its code",
        [observation(concept=code(LOINC, "600-7"), valueCodeableConcept=code(SNOMED, "3092008"))],
        ["blood-culture positive"],
    ),
    (
        "normal flora is no infection",
        [observation(concept=code(LOINC, "6460-0"), valueCodeableConcept={"text": "Normal flora"})],
        ["respiratory-culture negative"],
    ),
    (
        "a throat culture is neither",
        [observation(concept=code(LOINC, "626-2"), valueCodeableConcept=code(SNOMED, "3092008"))],
        [],
    ),
    (
        "a urine culture is its own",
        [observation(concept=code(LOINC, "630-4"), valueCodeableConcept=code(SNOMED, "112283007"))],
        ["urine-culture positive"],
    ),
    (
        "possible pregnancy is not a negative",
        [observation(concept=code(LOINC, "82810-3"), valueCodeableConcept=code(SNOMED, "146799005"))],
        ["pregnancy-status indeterminate"],
    ),
    (
        "hCG by the laboratory's own range",
        [lab("19080-1", 3, "m[IU]/mL", referenceRange=[{"high": {"value": 5, "unit": "m[IU]/mL"}}])],
        ["hcg-quant negative"],
    ),
    ("hCG without a range is not judged", [lab("19080-1", 300, "m[IU]/mL")], ["hcg-quant unreadable"]),
]
