"""Orders, drafts of orders, procedures, devices, imaging and limits of care."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.code_tables import CodeTableError
from fhir_mappings.drafts import ITEMS, WORK_UP, _checked, label, row_of, service_request, warm_up
from tests.mappings.charts import ICD, LOINC, SNOMED, Json, bundle, code, facts, resource

CPT = "http://www.ama-assn.org/go/cpt"
CONSENT = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"


def request(identity: str = "s1", **members: Any) -> Json:
    """An active ServiceRequest."""
    return resource(
        "ServiceRequest", identity, **({"status": "active", "intent": "order", "authoredOn": "2026-11-20"} | members)
    )


@pytest.mark.parametrize(
    ("concept", "concepts", "items"),
    [
        (code(LOINC, "2276-4"), {"ferritin"}, {"ferritin"}),
        (code(LOINC, "24336-0"), {"gas-panel-arterial"}, {"arterial-gas"}),
        (code(CPT, "82803"), {"order-abg"}, {"arterial-gas"}),
        (code(LOINC, "82424-3"), {"anti-mda5-qual"}, {"myositis-panel"}),
        ({"text": "Myositis antibodies, send-out"}, {"order-myositis-antibody", "myositis-panel"}, {"myositis-panel"}),
        ({"text": "anti-MDA5"}, {"order-myositis-antibody", "anti-mda5-qual"}, {"myositis-panel"}),
        (code(LOINC, "24627-2"), {"ct-chest"}, {"hrct"}),
        (code(CPT, "71250"), {"ct-thorax", "ct-chest"}, {"hrct"}),
        ({"text": "CT, ILD protocol"}, {"ct-chest"}, {"hrct"}),
        (code(SNOMED, "306316000"), {"referral-transplant"}, {"transplant-referral"}),
        (code(LOINC, "24323-8"), {"order-chem-panel"}, {"alt", "ast", "creatinine", "potassium"}),
        (code(LOINC, "24321-2"), {"order-renal-panel"}, {"creatinine"}),
        (code(SNOMED, "233573008"), {"ecmo"}, {"ecmo-consult"}),
        ({"text": "ecmo centre consultation"}, set(), {"ecmo-consult"}),
        (code(LOINC, "24541-5", "XR Ankle Views"), set(), set()),
        (None, set(), set()),
    ],
)
def test_what_is_ordered(concept: Json | None, concepts: set[str], items: set[str]) -> None:
    (found,) = facts(request(code=concept)).orders
    assert (found.concepts, found.items) == (concepts, items)


def test_what_else_an_order_says() -> None:
    (found,) = facts(request(code={"text": "Ferritin"}, doNotPerform=True, intent=None)).orders
    assert (found.do_not_perform, found.intent, found.printed, found.drafted) == (True, "order", "Ferritin", False)
    assert found.authored is not None


def test_an_erroneous_order_is_left_out() -> None:
    assert facts(request(status="entered-in-error")).orders == ()


# -------------------------------------------------------------------------------- our drafts


@pytest.mark.parametrize("item", WORK_UP)
def test_a_signed_draft_answers_its_own_item(item: str) -> None:
    draft = service_request(item, "p1", "e1")
    assert (draft["status"], draft["intent"], draft["encounter"]) == (
        "draft",
        "proposal",
        {"reference": "Encounter/e1"},
    )
    assert draft["code"]["text"] == label(item)
    (found,) = facts(draft_orders=bundle(draft)).drafted_orders
    assert item in found.items
    assert found.drafted


def test_the_work_up_is_that_of_the_catalogue() -> None:
    assert len(WORK_UP) == len(set(WORK_UP)) >= 31
    assert {item for item in WORK_UP if row_of(item) is None} <= {"cni-trough", "ecmo-consult"}


def test_a_draft_without_an_encounter() -> None:
    assert "encounter" not in service_request("ferritin", "p1")


def test_an_item_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        service_request("moonlight", "p1")


def test_an_item_whose_row_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ITEMS, "ferritin", {"text": "Ferritin", "code": "LOINC 0-0", "means": []})
    with pytest.raises(CodeTableError, match=r"order_items\.toml \[ferritin\]"):
        row_of("ferritin")


def test_warm_up_finds_every_row() -> None:
    _checked.cache_clear()
    warm_up()
    assert _checked.cache_info().currsize == len(WORK_UP)


# -------------------------------------------------------------------------------- drafts of the call


def test_drafts_of_the_call_are_kept_apart_and_may_be_incomplete() -> None:
    drafts = bundle(
        {
            "resourceType": "MedicationRequest",
            "id": "a",
            "medicationReference": {"reference": "Medication/m"},
            "category": {"text": "odd"},
        },
        {"resourceType": "Medication", "id": "m", "code": {"text": "methotrexate"}},
        {"resourceType": "ServiceRequest", "code": {"text": "Ferritin"}},
        {"resourceType": "NutritionOrder", "id": "n"},
        {"resourceType": "MedicationRequest", "id": "broken", "medicationCodeableConcept": "text"},
    )
    found = facts(draft_orders=drafts)
    assert [(each.ingredients, each.drafted, each.status) for each in found.drafted_treatments] == [
        ({"methotrexate"}, True, ""),
        (frozenset(), True, ""),
    ]
    assert [(each.reference, each.items) for each in found.drafted_orders] == [("ServiceRequest", {"ferritin"})]
    assert [each.reference for each in found.unreadable] == ["MedicationRequest/broken"]
    assert (found.treatments, found.orders) == ((), ())


def test_an_entry_that_is_no_object_is_listed() -> None:
    found = facts(draft_orders=b'{"resourceType": "Bundle", "entry": ["x"]}')
    assert (found.drafted_treatments, len(found.unreadable)) == ((), 1)


def test_only_selected_drafts_count() -> None:
    drafts = bundle(
        {"resourceType": "MedicationRequest", "id": "a", "medicationCodeableConcept": {"text": "methotrexate"}},
        {"resourceType": "MedicationRequest", "id": "b", "medicationCodeableConcept": {"text": "prednisone"}},
    )
    found = facts(draft_orders=drafts, selections=("MedicationRequest/b",))
    assert [each.ingredients for each in found.drafted_treatments] == [{"prednisone"}]


# -------------------------------------------------------------------------------- procedures and devices


def procedure(value: str, system: str = SNOMED, **members: Any) -> Json:
    """A Procedure."""
    return resource("Procedure", **({"status": "completed", "code": code(system, value)} | members))


@pytest.mark.parametrize(
    ("value", "members", "running", "end"),
    [
        ("40617009", {"status": "in-progress", "performedPeriod": {"start": "2026-11-20"}}, True, None),
        (
            "40617009",
            {"status": "in-progress", "performedPeriod": {"start": "2026-11-20", "end": "2026-11-21"}},
            False,
            "2026-11-21",
        ),
        ("40617009", {"performedDateTime": "2026-11-20"}, False, "2026-11-20"),
    ],
)
def test_support_procedures(value: str, members: dict[str, Any], running: bool, end: str | None) -> None:
    (found,) = facts(procedure(value, **members)).supports
    assert found.start is not None
    assert (found.concept, found.start.printed, found.running) == ("invasive-ventilation", "2026-11-20", running)
    assert (found.end.printed if found.end else None) == end


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "preparation", "unknown"])
def test_procedures_that_were_not_begun(status: str) -> None:
    assert facts(procedure("40617009", status=status)).supports == ()


def test_plasma_exchange_is_a_treatment() -> None:
    (found,) = facts(procedure("20720000", performedDateTime="2026-11-20")).treatments
    assert (found.ingredients, found.kind, found.status, found.route) == (
        {"plasma-exchange"},
        "procedure",
        "completed",
        "systemic",
    )


@pytest.mark.parametrize(
    ("members", "printed"),
    [
        ({"performedDateTime": "2026-11-20"}, "2026-11-20"),
        ({"performedPeriod": {"start": "2026-11-20", "end": "2026-11-21"}}, "2026-11-21"),
        ({"performedPeriod": {"start": "2026-11-20"}}, "2026-11-20"),
        ({}, None),
    ],
)
def test_other_procedures_are_done(members: dict[str, Any], printed: str | None) -> None:
    (found,) = facts(procedure("88039007", **members)).done
    assert (found.concepts, found.when.printed if found.when else None) == ({"lung-transplant"}, printed)


def test_a_donor_had_no_transplant() -> None:
    assert facts(procedure("105466004")).done == ()


def device(**members: Any) -> Json:
    """A DeviceUseStatement."""
    return resource("DeviceUseStatement", **({"status": "active"} | members))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"device": {"display": "High flow nasal cannula"}, "timingPeriod": {"start": "2026-11-20"}},
            ("hfnc", "2026-11-20", True),
        ),
        ({"device": {"display": "BiPAP"}, "timingDateTime": "2026-11-20"}, ("niv", "2026-11-20", True)),
        (
            {"device": {"display": "Ventilator"}, "recordedOn": "2026-11-19"},
            ("invasive-ventilation", "2026-11-19", True),
        ),
        (
            {"device": {"reference": "#d"}, "contained": [{"id": "d", "type": code(SNOMED, "426854004")}]},
            ("hfnc", None, True),
        ),
        ({"device": {"display": "BiPAP"}, "status": "completed"}, ("niv", None, False)),
        (
            {"device": {"display": "BiPAP"}, "timingPeriod": {"start": "2026-11-20", "end": "2026-11-21"}},
            ("niv", "2026-11-20", False),
        ),
        ({"device": {"display": "Hearing aid"}}, None),
        ({"device": {"display": "BiPAP"}, "status": "intended"}, None),
        ({}, None),
    ],
)
def test_devices_in_use(members: dict[str, Any], expected: tuple[str, str | None, bool] | None) -> None:
    found = facts(device(**members)).supports
    assert [(each.concept, each.start.printed if each.start else None, each.running) for each in found] == (
        [expected] if expected else []
    )


# -------------------------------------------------------------------------------- imaging


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"procedureCode": [code(LOINC, "24627-2")]}, "ct-chest"),
        ({"procedureCode": [code(LOINC, "37441-3")]}, "ct-chest"),
        ({"procedureCode": [code(SNOMED, "241541005")]}, "ct-chest"),
        ({"description": "HRCT thorax"}, "ct-chest"),
        ({"series": [{"description": "High-resolution lung"}]}, "ct-chest"),
        ({"description": "CT Chest, high resolution"}, "ct-chest"),
        ({"description": "High resolution manometry"}, None),
        ({"procedureCode": [code(LOINC, "36643-5")]}, "cxr"),
        ({"procedureCode": [code(LOINC, "24541-5")], "description": "XR ankle"}, None),
        ({"procedureCode": [code(LOINC, "24627-2")], "status": "cancelled"}, None),
    ],
)
def test_studies(members: dict[str, Any], expected: str | None) -> None:
    found = facts(resource("ImagingStudy", **({"status": "available", "started": "2026-11-20"} | members))).scans
    assert [(each.concept, each.is_report, each.has_text) for each in found] == (
        [(expected, False, False)] if expected else []
    )


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"conclusion": "New ground glass"}, True),
        ({"text": {"div": "<div>New</div>"}}, True),
        ({"presentedForm": [{"contentType": "application/pdf"}]}, True),
        ({"text": {}}, False),
        ({}, False),
    ],
)
def test_reports_of_studies(members: dict[str, Any], text: bool) -> None:
    report = resource(
        "DiagnosticReport",
        status="final",
        code=code(LOINC, "24627-2"),
        effectiveDateTime="2026-11-20",
        imagingStudy=[{"reference": "ImagingStudy/i"}, {}],
        **members,
    )
    (found,) = facts(report).scans
    assert (found.concept, found.is_report, found.has_text, found.studies) == (
        "ct-chest",
        True,
        text,
        {"ImagingStudy/i"},
    )


@pytest.mark.parametrize(
    "members",
    [{"status": "preliminary", "code": code(LOINC, "24627-2")}, {"status": "final", "code": code(LOINC, "24541-5")}],
)
def test_reports_that_do_not_count(members: dict[str, Any]) -> None:
    assert facts(resource("DiagnosticReport", **members)).scans == ()


# -------------------------------------------------------------------------------- limits of care

HOSPICE, COMFORT, DNR = code(SNOMED, "385763009"), code(SNOMED, "133918004"), code(ICD, "Z66")


def flag(concept: Json, **members: Any) -> Json:
    """An active Flag."""
    return resource("Flag", **({"status": "active", "code": concept} | members))


@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        (flag(HOSPICE), ["comfort"]),
        (flag({"text": "Comfort measures only"}), ["comfort"]),
        (flag(code("urn:local", "DNI", "Do not intubate")), ["partial"]),
        (flag({"text": "DNI"}), ["partial"]),
        (flag({"text": "ceiling of care: ward"}), ["partial"]),
        (flag({"text": "DNI"}, status="inactive"), []),
        (flag({"text": "DNI"}, period={"start": "2026-01-01", "end": "2026-02-01"}), []),
        (flag({"text": "DNI"}, period={"start": "2026-01-01", "end": "2027-02-01"}), ["partial"]),
        (flag({"text": "sardnine allergy"}), []),
        (flag(code(SNOMED, "103735009")), []),
        (
            flag({"coding": [{"system": SNOMED, "code": "304253006"}], "text": "DNR, do not intubate"}),
            ["partial", "resuscitation"],
        ),
        (resource("CarePlan", status="active", category=[COMFORT]), ["comfort"]),
        (resource("CarePlan", status="active", title="Not for escalation"), ["partial"]),
        (resource("CarePlan", status="active", activity=[{"detail": {"code": HOSPICE}}, {}]), ["comfort"]),
        (resource("CarePlan", status="active", activity=[{"detail": {"code": HOSPICE, "status": "cancelled"}}]), []),
        (resource("CarePlan", status="draft", category=[COMFORT]), []),
        (
            resource("Consent", status="active", category=[code(CONSENT, "dnr")], dateTime="2026-11-01"),
            ["resuscitation"],
        ),
        (
            resource("Consent", status="active", provision={"code": [COMFORT], "period": {"start": "2026-11-02"}}),
            ["comfort"],
        ),
        (resource("Consent", status="rejected", category=[code(CONSENT, "dnr")]), []),
        (request(code=COMFORT), ["comfort"]),
        (request(code=COMFORT, intent="proposal"), []),
        (request(code=COMFORT, doNotPerform=True), []),
        (request(code=COMFORT, status="completed"), []),
        (resource("Condition", code=DNR), ["resuscitation"]),
        (resource("Condition", code=HOSPICE, clinicalStatus=code("urn:x", "active")), ["comfort"]),
        (resource("Condition", code=HOSPICE, clinicalStatus=code("urn:x", "resolved")), []),
        (resource("Condition", code=HOSPICE, verificationStatus=code("urn:x", "refuted")), []),
        (resource("Condition", code=code(SNOMED, "267036007", text="dyspnoea, do not intubate")), []),
    ],
)
def test_limits_of_care(given: Json, kinds: list[str]) -> None:
    if given["resourceType"] == "Consent":
        given = {name: value for name, value in given.items() if name != "subject"} | {"patient": given["subject"]}
    assert [each.kind for each in facts(given).limits] == kinds


def test_since_when_a_limit_stands() -> None:
    (found,) = facts(flag({"text": "DNI"}, period={"start": "2026-11-01"})).limits
    assert found.since is not None
    assert (found.since.printed, found.printed) == ("2026-11-01", "DNI")
    (ordered,) = facts(request(code=COMFORT)).limits
    assert ordered.since is not None
    assert ordered.since.printed == "2026-11-20"
