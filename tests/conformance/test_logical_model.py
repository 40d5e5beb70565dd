"""The schemas themselves: what CDS Hooks allows passes, and each of its rules refuses what breaks it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.conformance.logical_model import faults
from tests.service.calls import INSTANCE, bundle, draft, hook_body, patient

Json = dict[str, Any]
CODING = {"system": "urn:x", "code": "a", "display": "A"}
ACTION = {"type": "create", "description": "d", "resource": {"resourceType": "ServiceRequest"}}
SUGGESTION = {"label": "l", "uuid": INSTANCE, "actions": [ACTION]}
CARD: Json = {
    "uuid": INSTANCE,
    "summary": "s",
    "indicator": "info",
    "source": {"label": "l", "url": "https://x.example", "topic": CODING},
    "detail": "d",
    "suggestions": [SUGGESTION, SUGGESTION],
    "selectionBehavior": "any",
    "overrideReasons": [CODING],
    "links": [
        {"label": "l", "url": "https://x.example", "type": "absolute"},
        {"label": "l", "url": "https://x.example", "type": "smart", "appContext": "c"},
    ],
    "extension": {"org.example.x": 1},
}
AUTHORIZATION = {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "scope": "s", "subject": "x"}
SIGN = hook_body(
    "order-sign",
    {"patient": patient(), "conditions": None},
    {"draftOrders": bundle(draft()), "encounterId": "e"},
    fhirServer="https://ehr.example/fhir",
    fhirAuthorization=AUTHORIZATION,
)
ENTRY = {"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T09:31:00Z"}
OVERRIDDEN = ENTRY | {"overrideReason": {"reason": CODING, "userComment": "c"}}
ACCEPTED = ENTRY | {"outcome": "accepted", "acceptedSuggestions": [{"id": INSTANCE}]}
SERVICE = {"hook": "patient-view", "description": "d", "id": "a-b", "prefetch": {"p": "Patient/{{context.patientId}}"}}


def changed(document: Json, path: str, value: Any) -> Json:
    """A copy with one place changed; a value of None takes it away."""
    whole = copy.deepcopy(document)
    *way, last = (int(each) if each.isdigit() else each for each in path.split("/"))
    place: Any = whole
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return whole


GOOD: list[tuple[str, Json]] = [
    ("response", {"cards": []}),
    ("response", {"cards": [CARD], "extension": {"org.example.x": {}}}),
    ("response", {"cards": [changed(CARD, "selectionBehavior", "at-most-one")]}),
    ("response", {"cards": [{"summary": "s", "indicator": "critical", "source": {"label": "l"}}]}),
    ("discovery", {"services": []}),
    ("discovery", {"services": [SERVICE]}),
    ("request", SIGN),
    ("request", hook_body()),
    ("request", hook_body("order-dispatch") | {"context": {"patientId": "p1"}}),
    ("request", hook_body("order-select", context={"draftOrders": bundle(), "selections": []})),
    ("feedback", {"feedback": [OVERRIDDEN, ACCEPTED]}),
    ("feedback", {"feedback": [ENTRY]}),
]


@pytest.mark.parametrize(("name", "document"), GOOD)
def test_what_the_specification_allows_passes(name: str, document: Json) -> None:
    assert faults(name, document) == []


RECOMMENDED = [SUGGESTION | {"isRecommended": True}] * 2
BAD_CARDS: list[tuple[str, Any]] = [
    ("summary", None),
    ("summary", "x" * 140),
    ("summary", ""),
    ("indicator", "hard-stop"),
    ("source/label", None),
    ("source/url", "/relative"),
    ("source/topic/code", None),
    ("uuid", "1"),
    ("detail", ""),
    ("selectionBehavior", None),
    ("selectionBehavior", "all"),
    ("suggestions", []),
    ("suggestions/0/label", None),
    ("suggestions/0/actions", []),
    ("suggestions/0/actions/0/description", None),
    ("suggestions/0/actions/0/type", "replace"),
    ("suggestions/0/actions/0/resource", None),
    ("suggestions/0/actions/0", {"type": "delete", "description": "d"}),
    ("suggestions/0/actionSelectionBehavior", "any"),
    ("overrideReasons/0/display", None),
    ("overrideReasons", []),
    ("links/0/appContext", "c"),
    ("links/0/type", "other"),
    ("links/0/url", None),
    ("extension", {}),
    ("extension", {"short": 1}),
]


@pytest.mark.parametrize(("path", "value"), BAD_CARDS)
def test_a_card_that_breaks_a_rule_is_refused(path: str, value: Any) -> None:
    assert faults("response", {"cards": [changed(CARD, path, value)]})


def test_two_recommended_suggestions_of_which_one_may_be_taken_are_refused() -> None:
    card = CARD | {"suggestions": RECOMMENDED, "selectionBehavior": "at-most-one"}
    assert faults("response", {"cards": [card]})
    assert faults("response", {"cards": [card | {"selectionBehavior": "any"}]}) == []


@pytest.mark.parametrize("document", [{}, {"cards": None}, {"cards": [], "systemActions": []}, []])
def test_a_response_that_breaks_a_rule_is_refused(document: Any) -> None:
    assert faults("response", document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", None),
        ("hookInstance", "1"),
        ("context", None),
        ("context/patientId", "Patient/p1"),
        ("context/userId", "dr1"),
        ("context/userId", "Patient/p1"),
        ("context/draftOrders", None),
        ("context/draftOrders/resourceType", "List"),
        ("fhirServer", None),
        ("fhirAuthorization/subject", None),
        ("fhirAuthorization/token_type", "mac"),
        ("fhirAuthorization/expires_in", "300"),
        ("prefetch/patient", "text"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(path: str, value: Any) -> None:
    assert faults("request", changed(SIGN, path, value))


@pytest.mark.parametrize(
    ("entry", "path", "value"),
    [
        (ACCEPTED, "acceptedSuggestions", None),
        (ACCEPTED, "outcome", "ignored"),
        (ACCEPTED, "card", None),
        (ACCEPTED, "outcomeTimestamp", "2026-11-22"),
        (OVERRIDDEN, "overrideReason", {}),
        (OVERRIDDEN, "overrideReason/reason/system", None),
    ],
)
def test_feedback_that_breaks_a_rule_is_refused(entry: Json, path: str, value: Any) -> None:
    assert faults("feedback", {"feedback": [changed(entry, path, value)]})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", None),
        ("description", None),
        ("id", "a/b"),
        ("title", ""),
        ("prefetch", {}),
        ("prefetch/p", "Observation?_include=x"),
        ("prefetch/p", "Observation?subject.name=x"),
        ("prefetch/p", "Observation?status:not=final"),
        ("prefetch/p", "Observation?date=ne2020"),
    ],
)
def test_a_service_that_breaks_a_rule_is_refused(path: str, value: Any) -> None:
    assert faults("discovery", {"services": [changed(SERVICE, path, value)]})
