"""The body guard: everything malformed is refused with its code, and nothing well-formed is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_hooks.errors import RequestError
from cds_hooks.hook_error import HookError
from cds_hooks.hook_request import FhirAccess, HookRequest, read_request
from tests.service.calls import INSTANCE, hook_body, sent

GRANT = {
    "access_token": "canary",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "client",
}


def read(body: bytes, hook: str = "patient-view") -> HookRequest:
    return read_request(body, "rpild-test", hook)


def code_of(body: bytes, hook: str = "patient-view") -> str:
    with pytest.raises(RequestError) as refused:
        read(body, hook)
    assert refused.value.status == 400
    assert refused.value.cause
    return refused.value.code


def swapped(old: str, new: str, **fields: Any) -> bytes:
    text = json.dumps(hook_body(**fields))
    assert old in text
    return text.replace(old, new, 1).encode()


DEEP = "[" * 3000 + "]" * 3000
CASES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "RPILD-BODY"),
    "not JSON": (b"hook=patient-view", "RPILD-BODY"),
    "truncated": (sent(hook_body())[:-3], "RPILD-BODY"),
    "trailing text": (sent(hook_body()) + b"x", "RPILD-BODY"),
    "null": (b"null", "RPILD-ENVELOPE"),
    "list": (b"[]", "RPILD-ENVELOPE"),
    "text": (b'"x"', "RPILD-ENVELOPE"),
    "number": (b"1", "RPILD-ENVELOPE"),
    "empty object": (b"{}", "RPILD-ENVELOPE"),
    "UTF-16": (json.dumps(hook_body()).encode("utf-16"), "RPILD-BODY"),
    "bad UTF-8": (sent(hook_body(x="y")).replace(b'"y"', b'"\xff"'), "RPILD-BODY"),
    "bad UTF-8 in prefetch": (sent(hook_body(prefetch={"a": "y"})).replace(b'"y"', b'"\xff"'), "RPILD-BODY"),
    "NaN": (swapped('"x": 1', '"x": NaN', x=1), "RPILD-BODY"),
    "Infinity": (swapped('"x": 1', '"x": -Infinity', x=1), "RPILD-BODY"),
    "1e400": (swapped('"x": 1', '"x": 1e400', x=1), "RPILD-BODY"),
    "NaN in prefetch": (swapped('"a": 1', '"a": NaN', prefetch={"a": 1}), "RPILD-BODY"),
    "5000 digits": (swapped('"x": 1', '"x": ' + "9" * 5000, x=1), "RPILD-BODY"),
    "deep": (swapped('"x": 1', '"x": ' + DEEP, x=1), "RPILD-BODY"),
    "deep prefetch": (swapped('"a": 1', '"a": ' + DEEP, prefetch={"a": 1}), "RPILD-BODY"),
    "200 kB of brackets": (b"[" * 200_000, "RPILD-ENVELOPE"),
    "lone surrogate": (swapped('"x": "y"', '"x": "\\ud800"', x="y"), "RPILD-BODY"),
    "lone surrogate as id": (swapped('"p1"', '"\\udc00"'), "RPILD-BODY"),
    "two patients": (swapped('"patientId"', '"patientId": "p2", "patientId"'), "RPILD-DUPLICATE-KEY"),
    "two contexts": (swapped('"context"', '"context": {}, "context"'), "RPILD-DUPLICATE-KEY"),
    "two prefetches": (swapped('"prefetch"', '"prefetch": {}, "prefetch"', prefetch={"a": 1}), "RPILD-DUPLICATE-KEY"),
    "two values of a prefetch key": (swapped('"a"', '"a": 1, "a"', prefetch={"a": 1}), "RPILD-DUPLICATE-KEY"),
    "escaped twin": (swapped('"patientId"', '"patient\\u0049d": "p2", "patientId"'), "RPILD-DUPLICATE-KEY"),
    "twins in an extension": (swapped('"x": 1', '"a": {"b": 1, "b": 2}', x=1), "RPILD-DUPLICATE-KEY"),
    "no hook": (swapped('"hook": "patient-view", ', ""), "RPILD-ENVELOPE"),
    "hook is a number": (swapped('"patient-view"', "1"), "RPILD-ENVELOPE"),
    "no instance": (swapped(f'"hookInstance": "{INSTANCE}", ', ""), "RPILD-ENVELOPE"),
    "instance is no UUID": (swapped(INSTANCE, INSTANCE[:-1]), "RPILD-ENVELOPE"),
    "instance in braces": (swapped(INSTANCE, "{" + INSTANCE + "}"), "RPILD-ENVELOPE"),
    "context is text": (sent({"hook": "patient-view", "hookInstance": INSTANCE, "context": "x"}), "RPILD-CONTEXT"),
    "prefetch is a list": (sent(hook_body(prefetch=[])), "RPILD-ENVELOPE"),  # type: ignore[arg-type]
    "another hook": (sent(hook_body("order-sign")), "RPILD-WRONG-HOOK"),
    "no patient": (swapped('"patientId": "p1"', '"x": "p1"'), "RPILD-CONTEXT"),
    "patient empty": (swapped('"p1"', '""'), "RPILD-CONTEXT"),
    "patient climbs": (swapped('"p1"', '"../x"'), "RPILD-CONTEXT"),
    "patient is dots": (swapped('"p1"', '".."'), "RPILD-CONTEXT"),
    "patient twice prefixed": (swapped('"p1"', '"Patient/Patient/p1"'), "RPILD-CONTEXT"),
    "patient of 10 kB": (swapped('"p1"', f'"{"x" * 10_000}"'), "RPILD-CONTEXT"),
    "patient with a query": (swapped('"p1"', '"p1?x=1"'), "RPILD-CONTEXT"),
    "user without type": (swapped('"Practitioner/dr1"', '"dr1"'), "RPILD-CONTEXT"),
    "encounter climbs": (sent(hook_body(context={"encounterId": "../1"})), "RPILD-CONTEXT"),
    "grant without server": (sent(hook_body(fhirAuthorization=GRANT)), "RPILD-AUTHORIZATION"),
    "grant is text": (sent(hook_body(fhirServer="https://e.example", fhirAuthorization="x")), "RPILD-AUTHORIZATION"),
    "grant of mac": (
        sent(hook_body(fhirServer="https://e.example", fhirAuthorization=GRANT | {"token_type": "mac"})),
        "RPILD-AUTHORIZATION",
    ),
    "token with a line break": (
        sent(hook_body(fhirServer="https://e.example", fhirAuthorization=GRANT | {"access_token": "a\nb"})),
        "RPILD-AUTHORIZATION",
    ),
    "expiry as text": (
        sent(hook_body(fhirServer="https://e.example", fhirAuthorization=GRANT | {"expires_in": "300"})),
        "RPILD-AUTHORIZATION",
    ),
    "token of another patient": (
        sent(hook_body(fhirServer="https://e.example", fhirAuthorization=GRANT | {"patient": "p2"})),
        "RPILD-OTHER-PATIENT",
    ),
}


@pytest.mark.parametrize(("body", "code"), CASES.values(), ids=CASES)
def test_malformed_bodies_are_refused_with_their_code(body: bytes, code: str) -> None:
    assert code_of(body) == code


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"hook": oops}', "(byte 9)"),
        (sent(hook_body(x="y")).replace(b'"y"', b'"\xff"'), "is not UTF-8"),
        (swapped('"x": 1', '"x": 1e400', x=1), "(ValueError)"),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_the_place(body: bytes, where: str) -> None:
    with pytest.raises(RequestError) as refused:
        read(body)
    assert where in refused.value.cause
    assert "oops" not in refused.value.cause


ORDER_CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no drafts": ({}, "order-sign", "RPILD-NO-DRAFT-ORDERS"),
    "drafts null": ({"draftOrders": None}, "order-sign", "RPILD-NO-DRAFT-ORDERS"),
    "drafts is text": ({"draftOrders": "x"}, "order-sign", "RPILD-CONTEXT"),
    "drafts is no Bundle": ({"draftOrders": {"resourceType": "Patient"}}, "order-sign", "RPILD-CONTEXT"),
    "drafts without a list": ({"draftOrders": {"resourceType": "Bundle", "entry": {}}}, "order-sign", "RPILD-CONTEXT"),
    "drafts with null": ({"draftOrders": {"resourceType": "Bundle", "entry": None}}, "order-sign", "RPILD-CONTEXT"),
    "no selections": ({"draftOrders": {"resourceType": "Bundle"}}, "order-select", "RPILD-CONTEXT"),
    "selections of numbers": (
        {"draftOrders": {"resourceType": "Bundle"}, "selections": [1]},
        "order-select",
        "RPILD-CONTEXT",
    ),
}


@pytest.mark.parametrize(("context", "hook", "code"), ORDER_CASES.values(), ids=ORDER_CASES)
def test_order_hooks_need_their_orders(context: dict[str, Any], hook: str, code: str) -> None:
    assert code_of(sent(hook_body(hook, context=context)), hook) == code


def test_a_bundle_without_type_is_taken_as_the_reference_client_sends_it() -> None:
    body = hook_body(
        "order-select",
        context={"draftOrders": {"resourceType": "Bundle", "entry": []}, "selections": ["MedicationRequest/1"]},
    )
    request = read(sent(body), "order-select")
    assert request.draft_orders == b'{"resourceType": "Bundle", "entry": []}'
    assert request.selections == ("MedicationRequest/1",)


def test_what_is_allowed_is_read() -> None:
    body = hook_body(
        prefetch={"a": {"resourceType": "Bundle"}, "b": None},
        context={"patientId": "Patient/p1", "encounterId": "e1"},
        fhirServer="https://ehr.example/fhir",
        fhirAuthorization=GRANT | {"patient": "Patient/p1"},
        extension={"com.vendor": {"trigger": 60}},
        unheardOf=[1.5, {"x": "\U0001f600 \u202e \u0000"}],
    )
    request = read("\ufeff".encode() + sent(body))
    assert (request.patient_id, request.encounter_id, request.user_id) == ("p1", "e1", "Practitioner/dr1")
    assert request.prefetch == {"a": b'{"resourceType": "Bundle"}', "b": b"null"}
    assert request.access == FhirAccess("https://ehr.example/fhir", 300, "canary")
    assert (request.draft_orders, request.selections, request.hook_instance) == (None, None, INSTANCE)


def test_a_server_without_a_token_gives_no_access() -> None:
    assert read(sent(hook_body(fhirServer="https://ehr.example/fhir"))).access is None


def test_the_token_is_never_printed() -> None:
    body = hook_body(fhirServer="https://ehr.example/fhir", fhirAuthorization=GRANT)
    assert "canary" not in repr(read(sent(body)))


@pytest.mark.parametrize(
    "prefetch", ['{"a" : {"b":"},{"} , "c":[]}', "{ }", "null", '{"a":1e400}', '{"a":{"x":1,"x":2}}']
)
def test_prefetch_is_left_to_its_own_reading(prefetch: str) -> None:
    text = json.dumps(hook_body(prefetch={"?": 0}, last={"prefetch": {"?": 0}})).replace('{"?": 0}', f" {prefetch} ", 1)
    assert read(text.encode()).patient_id == "p1"


# A loaded machine is no fault of the code.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
keys = st.sampled_from(["hook", "hookInstance", "context", "prefetch", "fhirServer", "fhirAuthorization", "extension"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@steady
@given(st.dictionaries(keys, values))
def test_any_field_of_any_kind_is_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        known = read(json.dumps(hook_body() | fields).encode("utf-8", "surrogatepass")).patient_id == "p1"
    except HookError as refused:
        known = refused.status == 400
    assert known


@steady
@given(st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read(body)
