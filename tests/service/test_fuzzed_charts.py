"""Whatever a chart holds, the service answers: cards, or a coded refusal; never a fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_hooks.discovery import services
from rpild_server.app import create_app
from rpild_server.settings import load_settings
from tests.service.calls import concept, draft, hook_body, observation, quantity, rapid_disease
from tests.service.conftest import EVALUATED

GAS = observation("gas", concept("http://loinc.org", "2703-7", "PaO2"), quantity(55, "mm[Hg]"), "2026-11-21T08:00:00Z")
ODD = (
    None,
    "",
    " ",
    "\ud83d\ude00",
    "\x00",
    "<b>",
    0,
    -1,
    1e300,
    1.5,
    True,
    [],
    {},
    [None],
    {"a": None},
    "2026-02-30",
    "0000",
)
seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    shown = load_settings(silent_mode=False, expose_assessment=True)
    with create_app(shown, now=lambda: EVALUATED, unsigned="test").test_client() as test_client:
        yield test_client


def chart() -> dict[str, Any]:
    keys = services()["rpild-order-sign"].announcement["prefetch"]
    prefetch = rapid_disease(keys)
    prefetch["gases"]["entry"].append({"resource": GAS})
    prefetch["medicationRequests"]["entry"].append({"resource": draft(status="active", authoredOn="2026-11-01")})
    order = draft(medicationCodeableConcept={"text": "methotrexate"}, intent="order")
    context = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]}}
    return hook_body("order-sign", json.loads(json.dumps(prefetch)), context)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def damaged(seed: int, count: int) -> dict[str, Any]:
    """The chart with some values replaced, removed or doubled."""
    chance, body = random.Random(seed), chart()
    for _ in range(count):
        container, key = chance.choice([*places(body["prefetch"]), *places(body["context"]["draftOrders"])])
        if chance.random() < 0.2 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(ODD))
    return body


def status_of(client: FlaskClient, body: bytes) -> tuple[int, str]:
    answer = client.post("/cds-services/rpild-order-sign", data=body, content_type="application/json")
    return answer.status_code, answer.text


@given(seeds, st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_a_damaged_chart_is_answered(client: FlaskClient, seed: int, count: int) -> None:
    status, text = status_of(client, json.dumps(damaged(seed, count)).encode("utf-8", "surrogatepass"))
    assert status in (200, 400, 412), text
    assert json.loads(text)


@given(seeds, st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_answered(client: FlaskClient, seed: int, count: int) -> None:
    chance, body = random.Random(seed), bytearray(json.dumps(chart()).encode())
    for _ in range(count):
        body[chance.randrange(len(body))] = chance.randrange(256)
    status, text = status_of(client, bytes(body))
    assert status in (200, 400, 412), text
