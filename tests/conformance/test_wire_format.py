"""Discovery, requests and answers on the wire, against the logical model and the assertions of a conformance kit."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cds_hooks.discovery import services
from fhir_mappings.queries import KEYS, REQUIRED_KEYS
from fhir_mappings.resources import checked
from tests.conformance.caller import Caller
from tests.conformance.kit import discovery_faults, response_faults
from tests.conformance.logical_model import faults
from tests.service.calls import bundle, concept, draft, empty_leaves, fresh, healthy, hook_body, rapid_disease
from tests.service.conftest import Site

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
METHOTREXATE = draft(intent="order", medicationCodeableConcept=concept(RXNORM, "6851", "methotrexate"))
TOKEN = re.compile(r"\{\{([^}]*)\}\}")
ALLOWED_TOKENS = {"context.patientId", "context.userId", "context.encounterId", "userPractitionerId"}
OPTIONAL_TOKENS = {"context.encounterId"}
Json = dict[str, Any]


def user() -> Json:
    """A clinician who has seen no card yet."""
    return {"userId": f"Practitioner/{fresh()}"}


def bodies(caller: Caller) -> Iterator[Json]:
    """One call for each service that gives cards, and one that gives none."""
    keys = caller.templates("rpild-order-sign")
    context = {"draftOrders": bundle(METHOTREXATE), "encounterId": "visit"}
    selecting = context | {"selections": ["MedicationRequest/draft-1"]}
    yield hook_body("patient-view", rapid_disease(keys), {"encounterId": "visit"} | user(), hookInstance=fresh())
    yield hook_body("order-sign", rapid_disease(keys), context | user(), hookInstance=fresh())
    yield hook_body("order-select", rapid_disease(keys), selecting | user(), hookInstance=fresh())
    yield hook_body("patient-view", healthy(keys), hookInstance=fresh())


@pytest.fixture(scope="module")
def answers(caller: Caller) -> list[tuple[Json, Json]]:
    """Requests and their answers."""
    return [(body, caller.call(body)) for body in bodies(caller)]


def cards(answers: list[tuple[Json, Json]]) -> list[Json]:
    return [card for _, answer in answers for card in answer["cards"]]


@pytest.mark.verifies("CH-6", "CH-7.1", "CH-7.2", "CH-7.3", "CH-11")
def test_discovery_is_a_list_of_whole_services(caller: Caller) -> None:
    document = caller.discover()
    assert list(discovery_faults(document)) == []
    for service in document["services"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", service["version"])
        assert service["title"]
        assert service["hookVersion"] == "1.0"


@pytest.mark.verifies("CH-8", "CH-9")
def test_every_id_is_an_address_of_its_own(caller: Caller) -> None:
    announced = caller.discover()["services"]
    assert len({each["id"] for each in announced}) == len(announced)
    for service in announced:
        context = {"draftOrders": bundle(), "selections": []}
        body = hook_body(service["hook"], healthy(service["prefetch"]), context, hookInstance=fresh())
        assert caller.call(body, service=service["id"])["cards"] == []


@pytest.mark.verifies("CH-12")
def test_the_keys_announced_are_the_keys_read(caller: Caller) -> None:
    for service in caller.discover()["services"]:
        assert tuple(service["prefetch"]) == KEYS


@pytest.mark.verifies("CH-13", "CH-14", "CH-15", "CH-16")
def test_templates_keep_to_what_every_client_can_fill(caller: Caller) -> None:
    for service in caller.discover()["services"]:
        for key, template in service["prefetch"].items():
            tokens = set(TOKEN.findall(template))
            assert tokens <= ALLOWED_TOKENS, key
            assert key not in REQUIRED_KEYS or not tokens & OPTIONAL_TOKENS
            assert "today()" not in template
            parameters = re.findall(r"[?&]([^=]+)=", template)
            assert all(re.fullmatch(r"[a-z_-]+(:in)?|_count|_sort", each) for each in parameters), key


def test_an_ehr_that_can_fill_dates_gets_them() -> None:
    dated = services("dated")["rpild-order-sign"].announcement["prefetch"]
    assert any("today() - " in template for template in dated.values())
    assert list(dated) == list(services()["rpild-order-sign"].announcement["prefetch"])


@pytest.mark.verifies("CH-31", "CH-33", "CH-34", "CH-36", "CH-37", "CH-38", "CH-39", "CH-40", "CH-32")
def test_answers_pass_the_assertions_of_a_kit(answers: list[tuple[Json, Json]]) -> None:
    assert len(cards(answers)) >= 4
    for body, answer in answers:
        drafts = {"MedicationRequest/draft-1"} if "draftOrders" in body["context"] else set()
        assert list(response_faults(answer, drafts)) == []
        assert "systemActions" not in answer
    assert "actionSelectionBehavior" not in json.dumps(cards(answers))


@pytest.mark.verifies("CH-2", "CH-3")
def test_no_answer_holds_an_empty_field(answers: list[tuple[Json, Json]], caller: Caller) -> None:
    assert list(empty_leaves(caller.discover())) == []
    for _, answer in answers:
        assert list(empty_leaves(answer["cards"])) == []


@pytest.mark.verifies("CH-1.1", "CH-4")
def test_answers_are_strict_json_in_utf8(caller: Caller) -> None:
    def no_constants(text: str) -> None:
        raise AssertionError(text)

    answer = caller.send("/cds-services/rpild-patient-view", next(bodies(caller)))
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.content.decode("utf-8", "strict"), parse_constant=no_constants)["cards"]


@pytest.mark.verifies("CH-5")
def test_every_resource_in_a_suggestion_is_valid_fhir(answers: list[tuple[Json, Json]]) -> None:
    actions = [each["actions"][0] for card in cards(answers) for each in card.get("suggestions", [])]
    assert actions
    for action in actions:
        assert checked(action["resource"])["resourceType"] == "ServiceRequest"


@pytest.mark.verifies("CH-10", "CH-61")
def test_extensions_are_objects_under_a_name_of_our_own(answers: list[tuple[Json, Json]]) -> None:
    for _, answer in answers:
        assert set(answer["extension"]) == {"org.rpild.assessment"}
        assert isinstance(answer["extension"]["org.rpild.assessment"], dict)


@pytest.mark.verifies("CH-35", "CH-41")
def test_cards_have_no_address_that_a_client_would_have_to_trust(answers: list[tuple[Json, Json]]) -> None:
    for card in cards(answers):
        assert set(card["source"]) == {"label", "topic"}
        assert "links" not in card


@pytest.mark.verifies("CH-43")
def test_an_answer_from_the_prefetch_comes_within_half_a_second(caller: Caller) -> None:
    body = next(bodies(caller))
    caller.call(body)
    spent = []
    for _ in range(5):
        began = time.monotonic()
        caller.call(body | {"hookInstance": fresh()})
        spent.append(time.monotonic() - began)
    assert sorted(spent)[2] < 0.5


KIT_HOOKS = ["order-sign", "order-select", "patient-view"]


@pytest.mark.parametrize("name", ["kit", "hospital", "web-client"])
@pytest.mark.parametrize("hook", KIT_HOOKS)
def test_a_signed_call_of_each_kind_of_client_is_answered(caller: Caller, name: str, hook: str) -> None:
    body = next(each for each in bodies(caller) if each["hook"] == hook)
    assert faults("request", body) == []
    answer = caller.call(body, name)
    assert list(response_faults(answer, {"MedicationRequest/draft-1"})) == []


@pytest.mark.verifies("CH-42.2")
def test_errors_are_operation_outcomes_for_a_signed_caller_too(caller: Caller) -> None:
    answer = caller.send("/cds-services/rpild-patient-view", hook_body("order-sign"))
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "RPILD-WRONG-HOOK"


@pytest.mark.verifies("CH-50")
def test_unsigned_calls_are_not_served(caller: Caller) -> None:
    site: Site = caller.site
    answer = requests.post(f"{site.url}/cds-services/rpild-patient-view", json=hook_body(), timeout=20)
    assert (answer.status_code, answer.content) == (401, b"")
