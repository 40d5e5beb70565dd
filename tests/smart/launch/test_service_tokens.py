"""Backend Services: a hook call that brings no token is read with one of our own, where that is registered."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
import requests
from flask import Response

from ehr_access.apps import SmartEhrs
from ehr_access.client_keys import ClientKeys
from ehr_access.registry import Registry, TrustedEhr
from ehr_access.service_tokens import ServiceTokens
from ehr_access.smart_client import SmartClient
from rpild_rules.knowledge import Knowledge
from tests.smart.launch.conftest import PlugIn, plug_in
from tests.smart.launch.scripted_ehr import ScriptedEhr, scripted_ehr
from tests.smart.launch.test_token_answers import assertion_of


def call(site: PlugIn, **access: Any) -> requests.Response:
    context = {"userId": "Practitioner/1", "patientId": "p1"}
    body = {"hook": "patient-view", "hookInstance": str(uuid.uuid4()), "context": context} | access
    return requests.post(f"{site.url}/cds-services/rpild-patient-view", json=body, timeout=20)


@pytest.mark.verifies("I-225", "APP-83")
def test_a_call_without_a_token_is_read_with_ours(knowledge: Knowledge) -> None:
    with plug_in(knowledge, {"north": {"backend_services": True}}, unsigned="north") as site:
        ehr = site.ehrs["north"]
        ehr.token = lambda: ehr.grant(access_token=f"own-{len(ehr.asked)}", refresh_token=None, patient=None)
        for _ in range(2):
            assert call(site).status_code == 200
        ((form, _headers),) = ehr.asked
        assert form["grant_type"] == "client_credentials"
        assert all(each.startswith("system/") for each in form["scope"].split())
        assert assertion_of(site, form)["aud"] == f"{ehr.base}/token"
        assert {token for _, token in ehr.read} == {"own-1"}
        ehr.read.clear()
        ehr.accepted = {"own-2"}
        assert call(site).status_code == 200
        assert {token for _, token in ehr.read} == {"own-1", "own-2"}
        ehr.read.clear()
        ehr.accepted = None
        theirs = {"access_token": "theirs", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs"}
        given = {"fhirServer": ehr.fhir, "fhirAuthorization": theirs | {"subject": "rpild"}}
        assert call(site, **given).status_code == 200
        assert {token for _, token in ehr.read} == {"theirs"}


@pytest.mark.verifies("APP-83")
def test_without_a_registration_nothing_is_asked_or_read(knowledge: Knowledge) -> None:
    with plug_in(knowledge, unsigned="north") as site:
        assert call(site).status_code == 412
        assert site.ehrs["north"].asked == []
        assert site.ehrs["north"].read == []


def tokens(ehr: ScriptedEhr, now: list[float]) -> ServiceTokens:
    client = SmartClient("rpild", auth="none", backend_services=True)
    known = TrustedEhr("north", (ehr.fhir,), smart=client)
    apps = SmartEhrs(Registry([known]), ClientKeys())
    return ServiceTokens(apps, "system/*.rs", lambda *_a, **_k: None, lambda: now[0])


@pytest.mark.verifies("I-225")
def test_a_token_is_kept_for_its_life_and_no_longer_than_five_minutes() -> None:
    with scripted_ehr() as ehr:
        now = [time.monotonic()]
        ehr.token = lambda: ehr.grant(access_token=f"own-{len(ehr.asked)}", expires_in=9000)
        kept = tokens(ehr, now)
        assert [kept.access("north") for _ in range(3)][-1]
        now[0] += 280
        fresh = kept.access("north")
        assert fresh
        assert (fresh.token, fresh.expires_in, len(ehr.asked)) == ("own-2", 300, 2)
        assert kept.renew("north", "own-1") == "own-2"
        assert kept.renew("north", "own-2") == "own-3"
        assert kept.renew("nowhere", "x") is None
        assert kept.access("nowhere") is None


@pytest.mark.verifies("I-225")
def test_a_refusal_is_not_repeated_at_once() -> None:
    with scripted_ehr() as ehr:
        now = [time.monotonic()]
        ehr.token = lambda: Response('{"error":"invalid_client"}', 401)
        kept = tokens(ehr, now)
        assert [kept.access("north") for _ in range(3)] == [None] * 3
        assert len(ehr.asked) == 1
        now[0] += 31
        assert kept.access("north") is None
        assert len(ehr.asked) == 2
        assert kept.renew("north", "") is None
