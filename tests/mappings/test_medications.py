"""Medication records: which drug, by which route, how much, how long; resolved or plainly unresolved (decisions
section 7).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rpild_rules.facts import Treatment
from tests.mappings.charts import ATC, RXNORM, SNOMED, Json, bundle, chart, code, facts, quantity, resource


def request(identity: str = "m1", **members: Any) -> Json:
    """An active MedicationRequest."""
    return resource(
        "MedicationRequest", identity, **({"status": "active", "intent": "order", "authoredOn": "2026-11-10"} | members)
    )


def drug(*resources: Json, **members: Any) -> Treatment:
    """The one treatment of a chart."""
    (found,) = facts(*resources, **members).treatments
    return found


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        (code(RXNORM, "42316"), {"tacrolimus"}),
        (code(RXNORM, "198377", "tacrolimus 1 MG Oral Capsule"), {"tacrolimus"}),
        (code(ATC, "L04AD02"), {"tacrolimus"}),
        (code("urn:local", "TAC", "Tacrolimus 1 mg capsule"), {"tacrolimus"}),
        ({"text": "prednisoLONE 20 mg"}, {"prednisolone"}),
        ({"text": "methylprednisolone sodium succinate"}, {"methylprednisolone"}),
        ({"text": "ciclosporin"}, {"cyclosporine"}),
        ({"text": "co-trimoxazole 960 mg"}, {"tmp-smx"}),
        ({"text": "fluconazole"}, {"cni-interacting-drug", "antifungal"}),
        (code(RXNORM, "10831"), {"tmp-smx", "antibiotic"}),
        (code(ATC, "J01CA04"), {"antibiotic"}),
        (code(RXNORM, "999999999", "tacrolimus"), {"tacrolimus"}),
        (code(RXNORM, "999999999"), set()),
        ({"text": "pretacrolimusol"}, set()),
        (code(SNOMED, "396230008", "something"), set()),
    ],
)
def test_ingredients(concept: Json, expected: set[str]) -> None:
    assert drug(request(medicationCodeableConcept=concept)).ingredients == expected


def test_a_known_code_decides_before_words() -> None:
    assert drug(
        request(medicationCodeableConcept=code(RXNORM, "8640", text="as before, with tacrolimus"))
    ).ingredients == {"prednisone"}


MEDICATION = {
    "resourceType": "Medication",
    "id": "med",
    "code": code(RXNORM, "42316", "tacrolimus"),
    "form": {"text": "ointment"},
}


@pytest.mark.parametrize(
    ("reference", "given", "contained"),
    [
        (
            "#drug",
            {},
            [{"resourceType": "Medication", "id": "drug", "code": MEDICATION["code"], "form": MEDICATION["form"]}],
        ),
        ("Medication/med", {"medications": bundle(MEDICATION)}, None),
        ("https://ehr.example/fhir/Medication/med", {"medications": bundle(MEDICATION)}, None),
        ("Medication/med/_history/3", {"medications": bundle(MEDICATION)}, None),
    ],
)
def test_referenced_medications(reference: str, given: dict[str, Any], contained: list[Json] | None) -> None:
    found = drug(request(medicationReference={"reference": reference}, contained=contained), given=given)
    assert (found.ingredients, found.printed, found.route) == ({"tacrolimus"}, "tacrolimus", "nonsystemic")


def test_a_medication_that_came_in_the_same_bundle() -> None:
    both = bundle(request(medicationReference={"reference": "Medication/med"}), MEDICATION)
    found = chart(given={"medicationRequests": both})
    assert [each.ingredients for each in found.facts.treatments] == [{"tacrolimus"}]
    assert found.unresolved == ()


def test_ingredients_of_a_compounded_medication() -> None:
    mixture = {
        "resourceType": "Medication",
        "id": "med",
        "ingredient": [{"itemCodeableConcept": code(RXNORM, "8640")}, {}],
    }
    assert drug(request(medicationReference={"reference": "Medication/med"}), mixture).ingredients == {"prednisone"}


def test_unresolved_medications_are_named_for_reading_by_id() -> None:
    found = chart(
        request("a", medicationReference={"reference": "Medication/9", "display": "Drug 9"}),
        request("b", medicationReference={"reference": "https://ehr.example/fhir/Medication/8"}),
        request("c", medicationReference={"reference": "#gone"}),
        request("d", medicationReference={"display": "by hand"}),
        request("e", medicationCodeableConcept={"text": "prednisone"}),
    )
    assert found.unresolved == ("Medication/8", "Medication/9")
    assert [(each.ingredients, each.printed) for each in found.facts.treatments][:4] == [
        (frozenset(), "Drug 9"),
        (frozenset(), ""),
        (frozenset(), ""),
        (frozenset(), "by hand"),
    ]


def test_nothing_is_said_of_the_drug() -> None:
    found = drug(request(intent=None))
    assert (found.ingredients, found.printed, found.intent, found.route) == (frozenset(), "", "order", "")


# ------------------------------------------------------------------------------------------------ dose and duration


def dosage(value: Any = 60, unit: str = "mg", **repeat: Any) -> Json:
    """One instruction, once a day unless told otherwise."""
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"} | repeat}
    return {"timing": timing, "doseAndRate": [{"doseQuantity": quantity(value, unit)}]}


def daily(*instructions: Json) -> Decimal | None:
    """Milligrams a day of a request."""
    return drug(
        request(medicationCodeableConcept={"text": "prednisone"}, dosageInstruction=list(instructions))
    ).mg_per_day


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        (dosage(), "60"),
        (dosage(1, "g"), "1000"),
        (dosage(500, "ug"), "0.500"),
        (dosage(500, "mcg"), "0.500"),
        (dosage(20, "mg", frequency=3), "60"),
        (dosage(20, "mg", frequency=1, frequencyMax=2), "40"),
        (dosage(60, "mg", period=12, periodUnit="h"), "120"),
        (dosage(70, "mg", period=1, periodUnit="wk"), "10"),
        ({"timing": {"code": code("urn:x", "BID")}, "doseAndRate": [{"doseQuantity": quantity(20, "mg")}]}, "40"),
        (
            {
                "timing": {"code": code("urn:x", "BID"), "repeat": {}},
                "doseAndRate": [{"doseQuantity": quantity(20, "mg")}],
            },
            "40",
        ),
        ({"timing": {"code": code("urn:x", "QOD")}, "dose": quantity(20, "mg")}, "10"),
    ],
)
def test_daily_doses(instruction: Json, expected: str) -> None:
    assert daily(instruction) == Decimal(expected)


@pytest.mark.parametrize(
    "instruction",
    [
        {},
        {"text": "60 mg daily"},
        {"doseAndRate": [{"doseQuantity": quantity(60, "mg")}]},
        dosage(1, "{tablet}"),
        dosage("60"),
        dosage(True),
        dosage(period=0),
        dosage(period=1e-300),
        dosage(periodUnit="fortnight"),
        dosage(frequency=None),
        {"timing": {"code": code("urn:x", "WHENEVER")}, "doseAndRate": [{"doseQuantity": quantity(60, "mg")}]},
        {"timing": {}, "doseAndRate": [{"doseQuantity": quantity(60, "mg")}]},
        dosage() | {"doseAndRate": [{"doseQuantity": quantity(60, "mg")}, {"doseQuantity": quantity(30, "mg")}]},
        dosage() | {"doseAndRate": [{"doseQuantity": quantity(60, "mg", "<")}]},
        dosage() | {"doseAndRate": [{}]},
    ],
)
def test_doses_that_cannot_be_read(instruction: Json) -> None:
    assert daily(instruction) is None


def test_instructions_of_one_step_add_up_and_steps_follow_each_other() -> None:
    morning, evening, later = dosage(40), dosage(20), dosage(30)
    assert daily(morning | {"sequence": 1}, evening | {"sequence": 1}, later | {"sequence": 2}) == Decimal(60)
    assert daily(morning, evening) is None
    assert daily(morning | {"sequence": True}, evening | {"sequence": 1}) is None
    assert daily() is None


@pytest.mark.parametrize(
    ("members", "days"),
    [
        ({"dosageInstruction": [dosage(boundsDuration=quantity(28, "d"))]}, "28"),
        ({"dosageInstruction": [dosage(boundsDuration=quantity(2, "wk"))]}, "14"),
        ({"dosageInstruction": [dosage(boundsDuration=quantity(48, "h"))]}, "2"),
        ({"dosageInstruction": [dosage(boundsPeriod={"start": "2026-11-01", "end": "2026-11-15"})]}, "14"),
        (
            {"dosageInstruction": [dosage(boundsDuration=quantity(7, "d")), dosage(boundsDuration=quantity(14, "d"))]},
            "14",
        ),
        ({"dispenseRequest": {"expectedSupplyDuration": quantity(30, "d")}}, None),  # refilled: no end of treatment
        (
            {
                "dosageInstruction": [dosage(), {"timing": {}}, {}],
                "dispenseRequest": {"expectedSupplyDuration": quantity(30, "d")},
            },
            None,
        ),
        ({"dosageInstruction": [dosage(boundsDuration=quantity(28, "moons"))]}, None),
        ({"dosageInstruction": [dosage(boundsDuration=quantity("28", "d"))]}, None),
        ({"dosageInstruction": [dosage(boundsPeriod={"start": "2026-11-01"})], "dispenseRequest": {}}, None),
        ({}, None),
    ],
)
def test_intended_days(members: dict[str, Any], days: str | None) -> None:
    assert drug(request(**members)).days == (Decimal(days) if days else None)


@pytest.mark.parametrize(
    ("instructions", "end"),
    [
        ([dosage(boundsPeriod={"end": "2026-11-15"})], "2026-11-15"),
        ([dosage(boundsPeriod={"end": "2026-11-15"}), dosage(boundsPeriod={"end": "2026-11-20"})], "2026-11-20"),
        ([dosage(boundsPeriod={"end": "2026-11-15"}), dosage()], None),
        ([dosage(boundsPeriod={"end": "2026-11-15"}), {}], None),
        ([], None),
    ],
)
def test_the_end_of_a_request(instructions: list[Json], end: str | None) -> None:
    found = drug(request(dosageInstruction=instructions))
    assert (found.end.printed if found.end else None) == end


# ------------------------------------------------------------------------------------------------ route


@pytest.mark.parametrize(
    ("concept", "route", "expected"),
    [
        ({"text": "tacrolimus"}, {"text": "oral"}, "systemic"),
        ({"text": "tacrolimus"}, code(SNOMED, "26643006"), "systemic"),
        ({"text": "tacrolimus"}, {"text": "topical"}, "nonsystemic"),
        ({"text": "tacrolimus"}, code(SNOMED, "6064005"), "nonsystemic"),
        ({"text": "dexamethasone"}, code("http://terminology.hl7.org/CodeSystem/v2-0162", "OP"), "nonsystemic"),
        ({"text": "methotrexate"}, {"text": "Intrathecal"}, "intrathecal"),
        ({"text": "methotrexate"}, code(SNOMED, "72607000"), "intrathecal"),
        ({"text": "tacrolimus"}, {"text": "as told"}, ""),
        ({"text": "tacrolimus 0.1 % ointment"}, None, "nonsystemic"),
        ({"text": "tacrolimus 0.1 % ointment"}, {"text": "as told"}, "nonsystemic"),
        ({"text": "tacrolimus 1 MG Oral Capsule"}, None, "systemic"),
        ({"text": "cyclosporine soft gel capsule"}, None, "systemic"),
        ({"text": "prednisolone eye drops"}, None, "nonsystemic"),
        (code(ATC, "D11AH01"), None, "nonsystemic"),
        ({"text": "tacrolimus"}, None, ""),
    ],
)
def test_routes(concept: Json, route: Json | None, expected: str) -> None:
    instructions = [{"route": route}] if route else [{}]
    assert drug(request(medicationCodeableConcept=concept, dosageInstruction=instructions)).route == expected


def test_two_routes_are_systemic() -> None:
    both = [{"route": {"text": "oral"}}, {"route": {"text": "topical"}}]
    assert drug(request(medicationCodeableConcept={"text": "prednisolone"}, dosageInstruction=both)).route == "systemic"


# ------------------------------------------------------------------------------------------------ kinds of record


def test_a_dose_given() -> None:
    given = {"dose": quantity(1, "g"), "route": {"text": "IV"}}
    found = drug(
        resource(
            "MedicationAdministration",
            status="completed",
            medicationCodeableConcept={"text": "methylprednisolone"},
            effectiveDateTime="2026-11-20T10:00:00Z",
            dosage=given,
        )
    )
    assert (found.kind, found.mg_per_day, found.route) == ("administration", Decimal(1000), "systemic")
    assert found.start == found.end is not None


def test_a_dose_given_over_a_time_and_without_words() -> None:
    found = drug(
        resource(
            "MedicationAdministration", status="completed", effectivePeriod={"start": "2026-11-20", "end": "2026-11-21"}
        )
    )
    assert found.start is not None
    assert found.end is not None
    assert (found.start.printed, found.end.printed, found.mg_per_day) == ("2026-11-20", "2026-11-21", None)


def test_a_statement() -> None:
    found = drug(
        resource(
            "MedicationStatement",
            status="active",
            medicationCodeableConcept={"text": "prednisone"},
            dateAsserted="2026-11-18",
            dosage=[dosage(20)],
        )
    )
    assert found.start is not None
    assert (found.kind, found.start.printed, found.end, found.mg_per_day) == (
        "statement",
        "2026-11-18",
        None,
        Decimal(20),
    )


def test_an_erroneous_record_is_left_out() -> None:
    assert facts(request(status="entered-in-error")).treatments == ()


def test_what_else_a_request_says() -> None:
    found = drug(
        request(
            doNotPerform=True,
            reportedBoolean=True,
            intent="plan",
            reasonCode=[code("http://hl7.org/fhir/sid/icd-10-cm", "O00.1")],
            reasonReference=[{"reference": "Condition/c"}],
        ),
        resource("Condition", "c", code=code(SNOMED, "267036007")),
    )
    assert (found.do_not_perform, found.reported, found.intent) == (True, True, "plan")
    assert {"ectopic-pregnancy", "dyspnea"} <= found.reasons


@pytest.mark.parametrize("members", [{"reportedReference": {"reference": "Patient/p1"}}, {"reportedBoolean": True}])
def test_reported_records(members: dict[str, Any]) -> None:
    assert drug(request(**members)).reported


def test_words_are_not_flags() -> None:
    found = drug(request(doNotPerform="true", reportedBoolean="true"))
    assert (found.do_not_perform, found.reported) == (False, False)
