"""The OpenAPI document: it describes what is routed and what can be answered, and generated calls find no fault."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cds_hooks.discovery import services
from cds_hooks.errors import leaves
from cds_hooks.openapi import openapi
from rpild_server.app import create_app
from rpild_server.settings import load_settings
from tests.service.conftest import EVALUATED

APP = create_app(load_settings(silent_mode=False), now=lambda: EVALUATED, unsigned="test")
DOCUMENT: dict[str, Any] = json.loads(openapi())
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", APP)
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
SEEN = Counter[int]()


def test_it_describes_what_is_routed() -> None:
    rules = {re.sub(r"<(?:\w+:)?\w+>", "{id}", rule.rule) for rule in APP.url_map.iter_rules()}
    assert set(DOCUMENT["paths"]) == rules - {"/metrics"}  # plain text for Prometheus, not for clients
    assert DOCUMENT["components"]["parameters"]["id"]["schema"]["enum"] == list(services())


def test_every_reference_leads_to_something() -> None:
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', openapi().decode())):
        place: Any = DOCUMENT
        for step in reference.split("/"):
            place = place[step]
        assert place


def test_every_refusal_has_a_status_that_is_described() -> None:
    described = {int(code) for path in DOCUMENT["paths"].values() for way in path.values() for code in _codes(way)}
    assert {each.status for each in leaves()} - described == {405, 500}


def _codes(way: Any) -> list[str]:
    return list(way["responses"]) if isinstance(way, dict) else []


@SCHEMA.parametrize()
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_generated_calls_find_no_fault(case: schemathesis.Case) -> None:
    if case.method == "POST":
        case.headers.pop("Authorization", None)  # what no invented token gets past is tested with real ones
    answer = case.call()
    SEEN[answer.status_code] += 1
    case.validate_response(answer, checks=list(CHECKS))


@pytest.fixture(scope="module", autouse=True)
def told() -> Any:
    yield
    sys.stdout.write(f"\ngenerated calls: {sum(SEEN.values())} tried, by status {dict(sorted(SEEN.items()))}\n")
    assert not [code for code in SEEN if code >= 500 and code != 503]
