"""The outside of a raw answer, and the roles of a user."""

from __future__ import annotations

import json

import pytest

from fhir_mappings.envelopes import Envelope, is_json, look
from fhir_mappings.roles import read_roles
from rpild_rules.findings import Reason
from tests.mappings.charts import bundle, code


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (bundle(), Envelope("Bundle")),
        (bundle(link=[{"relation": "next", "url": "more"}]), Envelope("Bundle", "more")),
        (bundle(link=[{"relation": "self", "url": "next"}]), Envelope("Bundle")),
        (bundle(link=[{"relation": "next"}]), Envelope("Bundle")),
        (b'{"id":"x","resourceType":"Patient"}', Envelope("Patient")),
        (b'{"resourceType":"Bundle","link":"next"', Envelope("Bundle")),
        (b'{"resourceType":"Bundle","x":["next"', Envelope("Bundle")),
        (
            b'{"resourceType":"OperationOutcome","issue":[{"code":"login"}]}',
            Envelope("OperationOutcome", refusal=Reason.NOT_PERMITTED),
        ),
        (
            b'{"resourceType":"OperationOutcome","issue":[{"code":7}]}',
            Envelope("OperationOutcome", refusal=Reason.FETCH_FAILED),
        ),
        (b'{"resourceType":"OperationOutcome","issue":7}', Envelope("OperationOutcome", refusal=Reason.FETCH_FAILED)),
        (b"[1]", Envelope()),
        (b"\xff", Envelope()),
    ],
)
def test_look(raw: bytes, expected: Envelope) -> None:
    assert look(raw) == expected


@pytest.mark.parametrize(
    ("raw", "whole"), [(b"{}", True), (b"[1]", True), (b"{", False), (b"", False), (b"[" * 100_000, False)]
)
def test_is_json(raw: bytes, whole: bool) -> None:
    assert is_json(raw) is whole


@pytest.mark.parametrize(
    ("raw", "roles"),
    [
        ({"resourceType": "PractitionerRole", "code": [code("urn:x", "doctor"), code("urn:x", "")]}, {"doctor"}),
        ({"resourceType": "Practitioner", "code": [code("urn:x", "doctor")]}, set()),
        ({"resourceType": "PractitionerRole", "code": "doctor"}, set()),
    ],
)
def test_roles(raw: object, roles: set[str]) -> None:
    assert read_roles(json.dumps(raw).encode()) == roles
