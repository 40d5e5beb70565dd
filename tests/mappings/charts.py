"""Small FHIR charts for the tests of the mappings: resources in, facts out, by the same way as in a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from fhir_mappings.chart import Chart, ChartContext, read_chart
from fhir_mappings.decode import Decoded
from fhir_mappings.mixed import KEY_OF
from fhir_mappings.queries import KEYS
from fhir_mappings.reads import Answer
from rpild_rules.facts import PatientFacts

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PATIENT = "p1"
SUBJECT = {"reference": f"Patient/{PATIENT}"}
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
Json = dict[str, Any]


def code(system: str, value: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": value} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def quantity(value: Any, unit: str = "", comparator: str = "") -> Json:
    """A Quantity with a UCUM unit."""
    made: Json = {"value": value}
    if unit:
        made |= {"unit": unit, "system": UCUM, "code": unit}
    return made | ({"comparator": comparator} if comparator else {})


def resource(kind: str, identity: str = "r1", **members: Any) -> Json:
    """A resource of this patient; a member given as None is left out."""
    made = {"resourceType": kind, "id": identity, "subject": SUBJECT} | members
    return {name: value for name, value in made.items() if value is not None}


def observation(identity: str = "o1", concept: Json | None = None, **members: Any) -> Json:
    """A final Observation of yesterday."""
    return resource(
        "Observation",
        identity,
        **({"status": "final", "code": concept, "effectiveDateTime": "2026-11-21T08:00:00Z"} | members),
    )


def patient(**members: Any) -> Json:
    """The Patient."""
    return {"resourceType": "Patient", "id": PATIENT} | members


def bundle(*resources: Json, **members: Any) -> bytes:
    """A searchset Bundle."""
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{each['resourceType']}/{each.get('id', '')}", "resource": each}
        for each in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries} | members).encode()


def answers(*resources: Json, **given: Any) -> dict[str, Any]:
    """The answers to every key: each resource under its key, everything else read and empty. `given` replaces keys."""
    kept: dict[str, list[Json]] = {}
    for each in resources:
        kept.setdefault(KEY_OF[each["resourceType"]], []).append(each)
    found: dict[str, Any] = dict.fromkeys(KEYS) | {key: bundle(*each) for key, each in kept.items()}
    return found | given


def context(zone: tzinfo = UTC, **members: Any) -> ChartContext:
    """The context of a call at NOW."""
    return ChartContext(PATIENT, NOW, zone, **members)


def chart(
    *resources: Json, given: Mapping[str, Answer | Decoded] | None = None, gate: bool = False, **members: Any
) -> Chart:
    """The chart of some resources."""
    return read_chart(answers(*resources, **(given or {})), context(**members), gate=gate)


def facts(*resources: Json, **members: Any) -> PatientFacts:
    """The facts of some resources."""
    return chart(*resources, **members).facts
