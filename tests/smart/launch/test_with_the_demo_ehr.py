"""The whole launch with the demo EHR's real authorization server: how it goes, and each fault that it can be given."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import pytest
import requests

from tests.recording.test_rule_time import endless
from tests.smart.launch.conftest import DemoSite
from tests.smart.launch.test_launch import code_of
from tests.smart.launch.test_sessions import csrf_of

NAME = "Aiko Morland"


@pytest.fixture
def ehr(demo_site: DemoSite) -> Iterator[DemoSite]:
    yield demo_site
    requests.delete(f"{demo_site.ehr}/faults", timeout=5)


def switch(ehr: DemoSite, **faults: str) -> None:
    wanted = {name.replace("_", "-"): value for name, value in faults.items()}
    answer = requests.post(f"{ehr.ehr}/faults", json=wanted, timeout=5)
    assert answer.status_code == 200, answer.text


@pytest.mark.verifies("I-32", "I-62", "I-319", "I-201", "APP-29")
def test_from_the_chart_to_the_page(ehr: DemoSite) -> None:
    address, page = ehr.open(ehr.browser(), "classic")
    assert page.status_code == 200
    assert re.fullmatch(rf"{ehr.url}/app/[\w-]{{43}}/", address)
    assert NAME in page.text


@pytest.mark.verifies("APP-9", "I-150")
def test_without_a_chart_the_user_chooses_the_patient(ehr: DemoSite) -> None:
    browser = ehr.browser()
    address, consent = browser.follow(f"{ehr.url}/smart/standalone?ehr=demo")
    action = re.search(r'<form method="post" action="([^"]+)"', consent.text)
    ticket = re.search(r'name="consent" value="([^"]+)"', consent.text)
    assert action
    assert ticket
    form = {"consent": ticket[1], "patient": "classic", "decision": "allow"}
    answer = requests.post(urljoin(address, unescape(action[1])), form, allow_redirects=False, timeout=10)
    _, page = browser.follow(answer.headers["Location"])
    assert page.status_code == 200
    assert NAME in page.text
    refused = browser.follow(f"{ehr.url}/smart/standalone?ehr=demo")
    ticket = re.search(r'name="consent" value="([^"]+)"', refused[1].text)
    action = re.search(r'<form method="post" action="([^"]+)"', refused[1].text)
    assert action
    assert ticket
    form = {"consent": ticket[1], "decision": "deny"}
    answer = requests.post(urljoin(refused[0], unescape(action[1])), form, allow_redirects=False, timeout=10)
    assert code_of(browser.get(answer.headers["Location"]).text) == "RPILD-LAUNCH-REFUSED"


@pytest.mark.verifies("APP-77")
def test_logout_gives_the_tokens_back(ehr: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    from ehr_access.transport import Transport

    whole = Transport.get

    def noting(self: Transport, *given: object) -> bytes:
        seen.append(self.token)
        return whole(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Transport, "get", noting)
    browser = ehr.browser()
    address, page = ehr.open(browser, "classic")
    bearer = {"Authorization": f"Bearer {seen[-1]}"}
    assert requests.get(f"{ehr.ehr}/fhir/Patient/classic", headers=bearer, timeout=5).status_code == 200
    assert browser.post(f"{address}logout", {"csrf": csrf_of(page.text)}).status_code == 200
    assert requests.get(f"{ehr.ehr}/fhir/Patient/classic", headers=bearer, timeout=5).status_code == 401
    assert code_of(browser.get(address).text) == "RPILD-PAGE-GONE"


@pytest.mark.verifies("L5", "L6", "L7", "APP-38")
@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("no-patient", "", "RPILD-NO-PATIENT"),
        ("no-id-token", "", "RPILD-EHR-IDENTITY"),
        ("bad-id-token", "nonce", "RPILD-EHR-IDENTITY"),
        ("bad-id-token", "aud", "RPILD-EHR-IDENTITY"),
        ("bad-id-token", "iss", "RPILD-EHR-IDENTITY"),
        ("bad-id-token", "exp", "RPILD-EHR-IDENTITY"),
        ("bad-id-token", "signature", "RPILD-EHR-IDENTITY"),
        ("token-answer", "", "RPILD-EHR-TOKEN"),
        ("token-html", "", "RPILD-EHR-TOKEN"),
        ("token-error", "500", "RPILD-EHR-TOKEN"),
        ("wrong-iss", "", "RPILD-LAUNCH-ISSUER"),
        ("wrong-patient", "Observation", "RPILD-PAGE-PATIENT"),
        ("forbidden", "Patient", "RPILD-PAGE-DATA"),
        ("outcome", "Condition", "RPILD-PAGE-DATA"),
    ],
)
def test_a_fault_of_the_ehr_is_a_page_that_names_it(ehr: DemoSite, fault: str, value: str, code: str) -> None:
    switch(ehr, **{fault: value})
    _, page = ehr.open(ehr.browser(), "classic")
    assert code_of(page.text) == code
    assert NAME not in page.text


@pytest.mark.verifies("I-147", "APP-67")
@pytest.mark.parametrize(
    ("fault", "value", "named"),
    [
        ("forbidden", "DiagnosticReport", "chest imaging"),
        ("error", "MedicationRequest", "medication"),
        ("html", "Procedure", "procedures"),
        ("broken-page", "Observation", ""),
        ("foreign-next", "", ""),
        ("missing-scopes", "patient/DiagnosticReport", "chest imaging"),
    ],
)
def test_a_part_that_is_lost_is_named_and_the_rest_is_shown(ehr: DemoSite, fault: str, value: str, named: str) -> None:
    switch(ehr, **{fault: value})
    _, page = ehr.open(ehr.browser(), "classic")
    assert page.status_code == 200
    assert NAME in page.text
    assert named in page.text


@pytest.mark.verifies("APP-62", "APP-63", "L8")
def test_a_token_that_the_ehr_takes_back_is_renewed_and_then_the_page_says_so(ehr: DemoSite) -> None:
    switch(ehr, expired_token="")
    browser = ehr.browser()
    address, page = ehr.open(browser, "classic")
    assert code_of(page.text) == "RPILD-SESSION-ENDED"
    switch(ehr, expired_token="off")
    again = browser.get(address)
    assert again.status_code == 200, again.text
    assert NAME in again.text


@pytest.mark.verifies("APP-54")
def test_an_ehr_may_change_its_keys_between_two_launches(ehr: DemoSite) -> None:
    assert ehr.open(ehr.browser(), "classic")[1].status_code == 200
    switch(ehr, **{"rotate-keys": ""})
    assert ehr.open(ehr.browser(), "classic")[1].status_code == 200


@pytest.mark.verifies("APP-38")
def test_a_slow_ehr_costs_the_page_no_more_than_its_budget(ehr: DemoSite) -> None:
    browser = ehr.browser()
    address, _ = ehr.open(browser, "classic")
    switch(ehr, slow="5")
    begun = time.monotonic()
    assert code_of(browser.get(address).text) == "RPILD-PAGE-DATA"
    assert time.monotonic() - begun < 6


@pytest.mark.verifies("S6")
def test_a_criterion_that_loops_is_unknown_on_the_page_too(ehr: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rpild_rules.definition.hrct_increase", endless)
    _, answer = ehr.open(ehr.browser(), "classic")
    assert answer.status_code == 200
    assert "A rule failed and was left out: hrctIncrease." in answer.text
    assert "RP-ILD criteria are met today" in answer.text
