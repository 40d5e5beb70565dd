"""What a request must hold and may hold beyond: required fields by hook, vendors' extras, odd orders, feedback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.caller import Caller
from tests.service.calls import bundle, concept, draft, fresh, hook_body, rapid_disease

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
METHOTREXATE = draft(intent="order", medicationCodeableConcept=concept(RXNORM, "6851", "methotrexate"))
Json = dict[str, Any]


def signing(caller: Caller, *orders: Json, **fields: Any) -> Json:
    context = {"draftOrders": bundle(*orders), "userId": f"Practitioner/{fresh()}"}
    prefetch = rapid_disease(caller.templates("rpild-order-sign"))
    return hook_body("order-sign", prefetch, context, hookInstance=fresh(), **fields)


def topics(answer: Json) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def refusal(caller: Caller, body: Json) -> tuple[int, str]:
    answer = caller.send(f"/cds-services/rpild-{body['hook']}", body)
    return answer.status_code, answer.json()["issue"][0]["details"]["coding"][0]["code"]


@pytest.mark.verifies("CH-19", "H9")
def test_what_vendors_add_is_ignored(caller: Caller) -> None:
    plain = caller.call(signing(caller, METHOTREXATE))
    extras = {
        "extension": {"com.epic.cdshooks.request.bpa-trigger-action": "23", "x": {"y": [1]}},
        "vendorField": {"deep": [{"a": None}]},
        "hookVersion": "9.9",
    }
    body = signing(caller, METHOTREXATE, **extras)
    body["context"]["vendorField"] = "x"
    assert topics(caller.call(body)) == topics(plain) != []


@pytest.mark.verifies("CH-22")
@pytest.mark.parametrize(
    ("hook", "field", "code"),
    [
        ("patient-view", "userId", "RPILD-CONTEXT"),
        ("patient-view", "patientId", "RPILD-CONTEXT"),
        ("order-sign", "userId", "RPILD-CONTEXT"),
        ("order-sign", "patientId", "RPILD-CONTEXT"),
        ("order-sign", "draftOrders", "RPILD-NO-DRAFT-ORDERS"),
        ("order-select", "userId", "RPILD-CONTEXT"),
        ("order-select", "patientId", "RPILD-CONTEXT"),
        ("order-select", "draftOrders", "RPILD-NO-DRAFT-ORDERS"),
        ("order-select", "selections", "RPILD-CONTEXT"),
    ],
)
def test_a_required_field_of_the_context_is_missed(caller: Caller, hook: str, field: str, code: str) -> None:
    body = hook_body(hook, {}, {"draftOrders": bundle(), "selections": []})
    del body["context"][field]
    assert refusal(caller, body) == (400, code)


@pytest.mark.verifies("CH-21.1")
@pytest.mark.parametrize("field", ["access_token", "token_type", "expires_in", "scope"])
def test_an_authorization_without_its_parts_is_refused(caller: Caller, field: str) -> None:
    body = hook_body(**caller.site.grant())
    del body["fhirAuthorization"][field]
    assert refusal(caller, body) == (400, "RPILD-AUTHORIZATION")


@pytest.mark.verifies("CH-24")
def test_orders_of_a_kind_that_no_rule_asks_about_are_passed_over(caller: Caller) -> None:
    kinds = ["NutritionOrder", "DeviceRequest", "VisionPrescription", "CommunicationRequest", "Unheard"]
    others = [draft(kind, id=f"o{place}") for place, kind in enumerate(kinds)]
    assert "avoidForInduction" not in topics(caller.call(signing(caller, *others)))
    assert "avoidForInduction" in topics(caller.call(signing(caller, *others, METHOTREXATE)))


def order(**changed: Any) -> Json:
    return METHOTREXATE | {"id": fresh()} | changed


ODD_ORDERS: dict[str, list[Any]] = {
    "cancelled": [order(status="cancelled")],
    "entered in error": [order(status="entered-in-error")],
    "no resource in the entry": [None],
    "by a reference into nowhere": [order(medicationReference={"reference": "Medication/absent"}) | {
        "medicationCodeableConcept": None}],
}  # fmt: skip


@pytest.mark.verifies("H16")
@pytest.mark.parametrize("orders", ODD_ORDERS.values(), ids=ODD_ORDERS)
def test_an_order_that_is_none_gives_no_card(caller: Caller, orders: list[Any]) -> None:
    body = signing(caller)
    body["context"]["draftOrders"]["entry"] = [{"resource": each} if each else {} for each in orders]
    assert "avoidForInduction" not in topics(caller.call(body))


@pytest.mark.verifies("H16")
def test_a_drug_that_is_an_entry_of_its_own_is_found(caller: Caller) -> None:
    drug = {"resourceType": "Medication", "id": "m.1-" + "x" * 190, "code": concept(RXNORM, "6851", "methotrexate")}
    for reference in (f"Medication/{drug['id']}", f"https://ehr.example/fhir/Medication/{drug['id']}"):
        asking = draft(intent="order", medicationReference={"reference": reference})
        assert "avoidForInduction" in topics(caller.call(signing(caller, asking, drug))), reference


@pytest.mark.verifies("H16")
def test_five_hundred_orders_are_answered_in_time(caller: Caller) -> None:
    orders = [order(id=f"m{number}") for number in range(500)]
    answer = caller.send("/cds-services/rpild-order-sign", signing(caller, *orders))
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 2


@pytest.mark.verifies("CH-49.2", "CH-21.2")
def test_neither_comments_nor_tokens_are_logged(caller: Caller, capfd: pytest.CaptureFixture[str]) -> None:
    granted = caller.site.grant(access_token="canary-token")
    card = caller.call(signing(caller, METHOTREXATE, **granted))["cards"][0]
    reason = {"reason": card["overrideReasons"][0], "userComment": "canary-comment"}
    entry = {"card": card["uuid"], "outcome": "overridden", "overrideReason": reason}
    body = {"feedback": [entry | {"outcomeTimestamp": "2026-11-22T09:31:00Z"}]}
    path = "/cds-services/rpild-order-sign/feedback"
    assert caller.send(path, body).status_code == 200
    assert caller.send(path, json.loads(json.dumps(body).replace("overridden", "canary-outcome"))).status_code == 400
    printed = "".join(capfd.readouterr())
    assert "feedback" in printed
    assert "canary" not in printed
