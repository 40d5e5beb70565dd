"""The begin of a launch: what is refused before anything is asked, and what the EHR is asked for."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from rpild_rules.knowledge import Knowledge
from tests.smart.launch.browsing import query
from tests.smart.launch.conftest import PlugIn, plug_in


def code_of(text: str) -> str:
    found = re.search(r"RPILD-[A-Z-]+", text)
    assert found, text
    return found[0]


@pytest.mark.parametrize("parameters", ["", "iss={fhir}", "launch=x", "iss=&launch=x", "iss={fhir}&launch="])
@pytest.mark.verifies("APP-5", "L2")
def test_a_launch_without_both_parameters_is_refused(site: PlugIn, parameters: str) -> None:
    ehr = site.ehrs["north"]
    answer = site.browser().get(f"/smart/launch?{parameters.format(fhir=ehr.fhir)}")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-INCOMPLETE")
    assert "Open the page from the patient" in answer.text
    assert ehr.discovered == 0


@pytest.mark.verifies("APP-6", "L2")
@pytest.mark.parametrize("token", ["x" * 10_000, "a%0d%0aSet-Cookie:%20evil=1", "a%00b"])
def test_a_long_or_broken_launch_token_is_refused(site: PlugIn, token: str) -> None:
    answer = site.browser().get(f"/smart/launch?iss={site.ehrs['north'].fhir}&launch={token}")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-INCOMPLETE")
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize(
    "iss",
    [
        "https://unknown.example/fhir",
        "http://user@127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}/fhir?x=1",
        "http://127.0.0.1:{port}/fhir#x",
        "http://127.0.0.1:{port}/FHIR",
        "http://127.0.0.1:{port}/fhir//",
        "http://127.0.0.1:{port}/fhir/../fhir",
        "http://127.1:{port}/fhir",
        "http://2130706433:{port}/fhir",
        "http://[::1]:{port}/fhir",
        "http://169.254.169.254/latest/meta-data",
        "ftp://127.0.0.1:{port}/fhir",
        "https://127.0.0.1:{port}/fhir",
        "//127.0.0.1:{port}/fhir",
        "127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}0/fhir",
        "http://127.0.0.1:99999999/fhir",
        "http://127.0.0.1:{port}@evil.example/fhir",
        "http://127.0.0.1:{port}\\@evil.example/fhir",
        "http://[::1/fhir",
        "javascript:alert(1)",
    ],
)
@pytest.mark.verifies("APP-6", "L1")
def test_only_a_registered_issuer_passes_and_nothing_is_asked_before(site: PlugIn, iss: str) -> None:
    ehr = site.ehrs["north"]
    answer = site.launched(site.browser(), iss=iss.format(port=ehr.base.rpartition(":")[2]))
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-EHR")
    assert ehr.discovered == 0
    assert any(kind == "refused" and "RPILD-LAUNCH-EHR" in what for kind, what in site.audited())


def test_the_address_of_a_refused_launch_is_on_the_audit_log_but_nothing_else_of_it(site: PlugIn) -> None:
    site.launched(site.browser(), iss=f"https://me:word@evil.example/\u00e9fhir{'y' * 300}?patient=Ann#Smith")
    told = next(what for kind, what in reversed(site.audited()) if kind == "refused")
    start = "https://evil.example/\\xe9fhir"
    assert json.loads(told)["at"] == start + "y" * (200 - len(start))


@pytest.mark.verifies("APP-6")
def test_a_repeated_iss_is_refused(site: PlugIn) -> None:
    fhir = site.ehrs["north"].fhir
    answer = site.browser().get(f"/smart/launch?iss={fhir}&iss={fhir}&launch=x")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-INCOMPLETE")


@pytest.mark.verifies("APP-8")
@pytest.mark.parametrize("spelling", ["{fhir}", "{fhir}/", "HTTP://127.0.0.1:{port}/fhir"])
def test_the_issuer_is_recognised_in_its_spellings_and_sent_back_as_it_came(site: PlugIn, spelling: str) -> None:
    ehr = site.ehrs["north"]
    iss = spelling.format(fhir=ehr.fhir, port=ehr.base.rpartition(":")[2])
    assert site.launch(site.browser(), iss=iss)["aud"] == iss


@pytest.mark.verifies("I-20", "I-32", "I-35", "I-211")
def test_the_authorization_request_holds_what_smart_asks_for(site: PlugIn) -> None:
    token = "a+b/c=?&d|e:f é".encode().decode()
    sent = site.launch(site.browser(), launch=token)
    assert sent["response_type"] == "code"
    assert sent["client_id"] == "rpild"
    assert sent["redirect_uri"] == f"{site.url}/smart/callback/north"
    assert sent["launch"] == token
    assert sent["aud"] == site.ehrs["north"].fhir
    assert sent["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", sent["code_challenge"])
    assert "max_age" not in sent
    assert sent["nonce"]


@pytest.mark.verifies("I-20", "APP-1", "W1")
def test_the_redirect_address_never_comes_from_the_request(site: PlugIn) -> None:
    given = {"Host": "evil.example", "X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}
    browser = site.browser()
    address = f"{site.url}/smart/launch?iss={site.ehrs['north'].fhir}&launch=x"
    answer = browser.get(address, **given)
    assert query(answer.headers["Location"])["redirect_uri"] == f"{site.url}/smart/callback/north"


@pytest.mark.verifies("I-46", "I-47", "APP-59")
def test_the_least_is_asked_for_and_no_wildcard(site: PlugIn) -> None:
    words = site.launch(site.browser())["scope"].split()
    assert words[:4] == ["openid", "fhirUser", "launch", "online_access"]
    assert "patient/Observation.rs" in words
    assert "patient/Observation.cu" in words
    assert not [each for each in words if "*" in each]
    assert "offline_access" not in words


@pytest.mark.verifies("APP-17")
def test_scopes_are_spelt_as_the_ehr_knows_them(site: PlugIn) -> None:
    site.ehrs["north"].configuration["capabilities"] = ["launch-ehr", "permission-v1"]
    words = site.launch(site.browser())["scope"].split()
    assert {"patient/Observation.read", "patient/Observation.write"} <= set(words)
    assert not [each for each in words if each.endswith(".rs")]


@pytest.mark.verifies("I-40", "APP-19")
def test_states_challenges_and_nonces_are_new_each_time(site: PlugIn) -> None:
    browser = site.browser()
    seen = [site.launch(browser) for _ in range(40)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in seen}) == len(seen)
    assert min(len(each["state"]) for each in seen) * 6 >= 122


@pytest.mark.verifies("I-13", "I-62")
def test_the_verifier_fits_the_challenge_and_stands_nowhere_else(site: PlugIn) -> None:
    browser = site.browser()
    sent = site.launch(browser)
    assert site.called_back(browser, state=sent["state"], code="c").status_code == 303
    verifier = site.ehrs["north"].asked[0][0]["code_verifier"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert challenge == sent["code_challenge"]
    assert 43 <= len(verifier) <= 128
    assert verifier not in str(browser.set_cookies)


@pytest.mark.verifies("APP-69")
def test_the_cookie_is_one_that_a_frame_of_another_site_keeps(site: PlugIn) -> None:
    browser = site.browser()
    site.launch(browser)
    assert browser.set_cookies[0].startswith(f"{site.cookie}=")
    words = {each.strip().lower() for each in browser.set_cookies[0].split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=none", "partitioned"} <= words
    assert not [each for each in words if each.startswith("domain")]


@pytest.mark.verifies("APP-9", "I-36", "I-150")
def test_a_launch_without_a_chart_begins_with_a_name(site: PlugIn) -> None:
    browser = site.browser()
    choice = browser.get("/smart/standalone")
    assert "ehr=north" in choice.text
    assert "ehr=south" in choice.text
    sent = query(browser.get("/smart/standalone?ehr=south").headers["Location"])
    assert "launch" not in sent
    assert "launch/patient" in sent["scope"].split()
    assert sent["aud"] == site.ehrs["south"].fhir
    assert code_of(browser.get("/smart/standalone?ehr=http://evil.example").text) == "RPILD-LAUNCH-EHR"


@pytest.mark.verifies("I-133", "APP-88", "W5")
def test_a_long_request_goes_as_a_form_where_the_ehr_takes_one(knowledge: Knowledge) -> None:
    long = {"extra_scopes": tuple(f"patient/Observation.rs?code=http://loinc.org|{number}" for number in range(60))}
    with plug_in(knowledge, {"north": long}) as site:
        site.ehrs["north"].configuration["capabilities"] = ["authorize-post", "permission-v2"]
        answer = site.launched(site.browser())
        assert answer.status_code == 200
        assert f'action="{site.ehrs["north"].base}/authorize"' in answer.text
        assert 'name="code_challenge_method" value="S256"' in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert f"form-action 'self' {site.ehrs['north'].base} https:;" in policy
        site.ehrs["south"].configuration["capabilities"] = ["authorize-post", "permission-v2"]
        assert site.launched(site.browser(), "south").status_code == 303
