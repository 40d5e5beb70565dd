"""Conditions and Encounters: what they belong to, from when to when, and for which reasons (decisions K9, K13)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.charts import ACT, ICD, SNOMED, Json, code, facts, resource

DYSPNEA = code(SNOMED, "267036007", "Dyspnea")
V2_CLASS = "http://terminology.hl7.org/CodeSystem/v2-0004"


def condition(identity: str = "c1", concept: Json | None = DYSPNEA, **members: Any) -> Json:
    """A Condition."""
    return resource("Condition", identity, code=concept, **members)


def status(value: str) -> Json:
    """A status CodeableConcept."""
    return code("http://terminology.hl7.org/CodeSystem/condition", value)


def test_every_coding_counts() -> None:
    both = {
        "coding": [
            {"system": SNOMED, "code": "396230008"},
            {"system": ICD, "code": "M3313"},
            {"system": "urn:x", "code": "J80"},
        ]
    }
    (found,) = facts(condition(concept=both)).diagnoses
    assert found.concepts == {"dermatomyositis"}


@pytest.mark.parametrize(
    ("clinical", "verification", "kept"),
    [
        (None, None, True),
        ("active", "confirmed", True),
        ("resolved", "provisional", True),
        (None, "refuted", False),
        (None, "entered-in-error", False),
    ],
)
def test_statuses(clinical: str | None, verification: str | None, kept: bool) -> None:
    found = facts(
        condition(
            clinicalStatus=status(clinical) if clinical else None,
            verificationStatus=status(verification) if verification else None,
        )
    ).diagnoses
    assert [(each.clinical, each.verification) for each in found] == (
        [(clinical or "", verification or "")] if kept else []
    )


def test_a_condition_that_belongs_to_nothing_is_left_out() -> None:
    assert facts(condition(concept=code(SNOMED, "5913000")), condition("c2", None)).diagnoses == ()


@pytest.mark.parametrize(
    ("members", "printed", "worded"),
    [
        ({"onsetDateTime": "2026-11-04"}, "2026-11-04", False),
        ({"onsetPeriod": {"start": "2026-11"}}, "2026-11", False),
        ({"onsetString": "since summer"}, None, True),
        ({"onsetAge": {"value": 50}}, None, True),
        ({"onsetRange": {"low": {"value": 50}}}, None, True),
        ({"onsetDateTime": "2026-11-04", "onsetString": "autumn"}, "2026-11-04", False),
        ({}, None, False),
    ],
)
def test_onsets(members: dict[str, Any], printed: str | None, worded: bool) -> None:
    (found,) = facts(condition(**members)).diagnoses
    assert (found.onset.printed if found.onset else None, found.onset_text) == (printed, worded)


@pytest.mark.parametrize(
    ("members", "printed"),
    [
        ({"abatementDateTime": "2026-11-04"}, "2026-11-04"),
        ({"abatementPeriod": {"start": "2026-11-01", "end": "2026-11-05"}}, "2026-11-05"),
        ({"abatementPeriod": {"start": "2026-11-01"}}, "2026-11-01"),
        ({"abatementString": "later"}, None),
    ],
)
def test_abatements(members: dict[str, Any], printed: str | None) -> None:
    (found,) = facts(condition(recordedDate="2026-11-02", **members)).diagnoses
    assert found.recorded is not None
    assert found.recorded.printed == "2026-11-02"
    assert (found.abated.printed if found.abated else None) == printed


@pytest.mark.parametrize(
    ("concept", "printed"),
    [
        (
            {"coding": [{"system": SNOMED, "code": "267036007", "display": "Dyspnea"}], "text": "short of breath"},
            "short of breath",
        ),
        ({"coding": [{"system": SNOMED, "code": "267036007", "display": "Dyspnea"}]}, "Dyspnea"),
        ({"coding": [{"system": SNOMED, "code": "267036007"}]}, "267036007"),
    ],
)
def test_what_people_read(concept: Json, printed: str) -> None:
    (found,) = facts(condition(concept=concept)).diagnoses
    assert found.printed == printed


# ------------------------------------------------------------------------------------------------ encounters


@pytest.mark.parametrize(
    ("system", "value", "kind"),
    [
        (ACT, "IMP", "stay"),
        (ACT, "ACUTE", "stay"),
        (ACT, "NONAC", "stay"),
        (ACT, "OBSENC", "stay"),
        (ACT, "SS", "stay"),
        (ACT, "EMER", "emergency"),
        (ACT, "AMB", "other"),
        (ACT, "VR", "other"),
        (V2_CLASS, "I", "stay"),
        (V2_CLASS, "E", "emergency"),
        (V2_CLASS, "O", "other"),
        (V2_CLASS, "U", "unknown"),
        (None, "IMP", "stay"),
        (None, "I", "unknown"),
        ("urn:local", "IMP", "unknown"),
    ],
)
def test_encounter_classes(system: str | None, value: str, kind: str) -> None:
    coding = {"code": value} | ({"system": system} if system else {})
    (found,) = facts(resource("Encounter", status="in-progress", **{"class": coding})).stays
    assert found.kind == kind


def test_an_encounter_without_a_class_is_unknown() -> None:
    (found,) = facts(resource("Encounter", status="finished")).stays
    assert (found.kind, found.start, found.end) == ("unknown", None, None)


def test_an_erroneous_encounter_is_left_out() -> None:
    assert facts(resource("Encounter", status="entered-in-error")).stays == ()


@pytest.mark.parametrize(
    ("members", "reasons", "readable"),
    [
        ({}, set(), False),
        ({"reasonCode": [DYSPNEA]}, {"dyspnea"}, True),
        ({"reasonCode": [code(SNOMED, "5913000")]}, set(), True),
        ({"reasonCode": [{"text": "short of breath"}]}, set(), False),
        ({"reasonCode": [DYSPNEA, {"text": "and more"}]}, {"dyspnea"}, False),
        ({"reasonReference": [{"reference": "Condition/c1"}]}, {"dyspnea"}, True),
        ({"reasonReference": [{"reference": "Condition/gone"}]}, set(), False),
        ({"diagnosis": [{"condition": {"reference": "Condition/c1"}}, {}]}, {"dyspnea"}, True),
        ({"diagnosis": [{"condition": {"display": "pneumonia"}}], "reasonCode": [DYSPNEA]}, {"dyspnea"}, False),
    ],
)
def test_reasons_of_an_encounter(members: dict[str, Any], reasons: set[str], readable: bool) -> None:
    (found,) = facts(resource("Encounter", "e1", status="finished", **members), condition()).stays
    assert (found.reasons, found.reasons_readable) == (reasons, readable)


def test_the_period_of_an_encounter() -> None:
    (found,) = facts(
        resource("Encounter", status="finished", period={"start": "2026-11-01T10:00:00Z", "end": "2026-11-05"})
    ).stays
    assert found.start is not None
    assert found.end is not None
    assert (found.start.printed, found.end.printed) == ("2026-11-01 10:00", "2026-11-05")
