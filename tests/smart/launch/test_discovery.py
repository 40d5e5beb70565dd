"""An EHR's configuration: only known keys, only its own hosts, kept for a while."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from flask import Response

from ehr_access.apps import SmartEhrs
from ehr_access.client_keys import ClientKeys
from ehr_access.discovery import Discovery, DiscoveryError, DiscoveryTimes, read_metadata, uris_of
from ehr_access.oauth import TokenFailedError
from ehr_access.registry import Registry, TrustedEhr
from ehr_access.smart_client import SmartClient
from rpild_rules.knowledge import Knowledge
from tests.smart.launch.conftest import PlugIn, plug_in
from tests.smart.launch.scripted_ehr import scripted_ehr
from tests.smart.launch.test_launch import code_of

CLIENT = SmartClient("rpild")
BASE = "https://ehr.example/api/fhir"
HOSTS = frozenset({"ehr.example", "login.example:8443"})
GOOD = {"authorization_endpoint": "https://ehr.example/a", "token_endpoint": "https://ehr.example/t"}


def read(**changed: Any) -> Any:
    return read_metadata(orjson.dumps(GOOD | changed), BASE, CLIENT, HOSTS)


@pytest.mark.verifies("I-379")
def test_relative_endpoints_count_from_the_fhir_base() -> None:
    assert read(token_endpoint="auth/token").token_endpoint == "https://ehr.example/api/fhir/auth/token"
    assert read(token_endpoint="/auth/token").token_endpoint == "https://ehr.example/auth/token"


@pytest.mark.verifies("APP-13", "L3")
@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"token_endpoint": None}, "token_endpoint is missing"),
        ({"authorization_endpoint": ""}, "authorization_endpoint is missing"),
        ({"token_endpoint": 7}, "token_endpoint is missing"),
        ({"token_endpoint": "https://evil.example/t"}, "another host"),
        ({"token_endpoint": "//evil.example/t"}, "another host"),
        ({"token_endpoint": "http://ehr.example/t"}, "not an https address"),
        ({"token_endpoint": "https://u@ehr.example/t"}, "not an https address"),
        ({"token_endpoint": "https://ehr.example/t#x"}, "not an https address"),
        ({"token_endpoint": "https://[x/t"}, "not an address"),
        ({"jwks_uri": "https://ehr.example:444/k"}, "another host"),
        ({"revocation_endpoint": "javascript:x"}, "not an https address"),
    ],
)
def test_an_endpoint_that_cannot_be_trusted_is_refused(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(DiscoveryError, match=fault):
        read(**changed)


@pytest.mark.verifies("APP-13", "L3")
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b"{", b"NaN"])
def test_what_is_no_configuration_is_refused(body: bytes) -> None:
    with pytest.raises(DiscoveryError, match="JSON"):
        read_metadata(body, BASE, CLIENT, HOSTS)


@pytest.mark.verifies("APP-13", "I-13")
def test_a_document_changes_none_of_our_own_settings(site: PlugIn) -> None:
    hostile = {
        "code_challenge_method": None, "scope": "patient/*.*", "response_type": "token", "verify": False,
        "client_id": "evil", "redirect_uri": "https://evil.example", "grant_type": "password", "state": "fixed",
        "token_endpoint_auth_method": "none", "code_challenge_methods_supported": ["plain"],
    }  # fmt: skip
    ehr = site.ehrs["north"]
    ehr.configuration |= hostile
    browser = site.browser()
    sent = site.launch(browser)
    assert (sent["client_id"], sent["response_type"], sent["code_challenge_method"]) == ("rpild", "code", "S256")
    assert sent["state"] != "fixed"
    assert "patient/*.*" not in sent["scope"]
    site.called_back(browser, state=sent["state"], code="c")
    assert ehr.asked[0][0]["grant_type"] == "authorization_code"
    assert "client_assertion" in ehr.asked[0][0]


@pytest.mark.verifies("APP-14", "L3")
def test_s256_is_sent_unannounced_unless_a_registration_demands_it(knowledge: Knowledge) -> None:
    with plug_in(knowledge, {"south": {"refuse_without_s256": True}}) as site:
        for ehr in site.ehrs.values():
            ehr.configuration["code_challenge_methods_supported"] = None
        assert site.launch(site.browser())["code_challenge_method"] == "S256"
        refused = site.launched(site.browser(), "south")
        assert (refused.status_code, code_of(refused.text)) == (502, "RPILD-EHR-CONFIGURATION")
        assert "S256" in refused.text


@pytest.mark.verifies("L3", "APP-13", "I-29", "I-375")
@pytest.mark.parametrize("raw", [None, b"<html>", b"x" * 300_000])
def test_an_unusable_configuration_is_a_page_that_says_why(site: PlugIn, raw: bytes | None) -> None:
    site.ehrs["north"].missing, site.ehrs["north"].raw_configuration = raw is None, raw
    answer = site.launched(site.browser())
    assert (answer.status_code, code_of(answer.text)) == (502, "RPILD-EHR-CONFIGURATION")
    assert "operator of the EHR" in answer.text
    assert site.launched(site.browser()).status_code == 502
    assert site.ehrs["north"].discovered == 1


STATEMENT = {
    "resourceType": "CapabilityStatement",
    "rest": [{"security": {"extension": [{
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "authorize", "valueUri": "auth"}, {"url": "token", "valueUri": "token"}],
    }]}}],
}  # fmt: skip


@pytest.mark.verifies("APP-15")
def test_the_capability_statement_is_read_only_where_it_is_allowed() -> None:
    with scripted_ehr() as ehr:
        ehr.missing, ehr.documents = True, {}
        allowed = SmartClient("rpild", capability_fallback=True)
        with pytest.raises(DiscoveryError, match="404"):
            Discovery().find(ehr.fhir, CLIENT, (ehr.fhir,))
        assert ehr.read == []
        with pytest.raises(DiscoveryError, match="missing"):
            Discovery().find(ehr.fhir, allowed, (ehr.fhir,))
        assert [where for where, _ in ehr.read] == ["/fhir/metadata?"]
    found = read_metadata(uris_of(orjson.dumps(STATEMENT)), BASE, allowed, HOSTS)
    assert found.token_endpoint == f"{BASE}/token"
    for broken in ({}, {"rest": 1}, {"rest": [{}]}, {"rest": [{"security": {"extension": [{"x": 1}]}}]}):
        assert uris_of(orjson.dumps(broken)) == b"{}"


@pytest.mark.verifies("APP-16")
def test_a_configuration_is_kept_a_failure_shortly() -> None:
    now = [0.0]
    with scripted_ehr() as ehr:
        discovery = Discovery(DiscoveryTimes(failed=10, again=30), clock=lambda: now[0])
        client = SmartClient("rpild", discovery_seconds=100)

        def find() -> Any:
            return discovery.find(ehr.fhir, client, (ehr.fhir,))

        first = find()
        now[0] = 99
        assert find() is first
        ehr.missing = True
        now[0] = 101
        for now[0] in (101, 110):
            with pytest.raises(DiscoveryError):
                find()
        assert ehr.discovered == 2
        ehr.missing = False
        now[0] = 112
        assert find() == first
        assert discovery.find_again(ehr.fhir, client, (ehr.fhir,)) == first
        assert ehr.discovered == 3
        now[0] = 143
        discovery.find_again(ehr.fhir, client, (ehr.fhir,))
        assert ehr.discovered == 4


@pytest.mark.verifies("APP-16")
def test_a_token_endpoint_that_moved_is_found_again_once() -> None:
    with scripted_ehr() as ehr:
        known = TrustedEhr("north", (ehr.fhir,), smart=SmartClient("rpild", auth="none"))
        apps = SmartEhrs(Registry([known]), ClientKeys(), Discovery(DiscoveryTimes(again=0)))
        assert apps.metadata(known, ehr.fhir).token_endpoint == f"{ehr.base}/token"
        gone = Response(status=404)
        ehr.configuration["token_endpoint"] = f"{ehr.base}/token2"
        answers = [gone, ehr.grant(), gone]
        ehr.token = lambda: answers.pop(0)

        def refresh() -> Any:
            return apps.with_token_endpoint(known, ehr.fhir, lambda oauth: oauth.refresh("r"))

        assert refresh().access_token == "access-0"
        with pytest.raises(TokenFailedError):  # it vanished again, and stands where it stood
            refresh()
        assert (len(ehr.asked), ehr.discovered) == (3, 3)
