"""The EHR's answer: whose it is, what is refused, and that it works once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rpild_rules.knowledge import Knowledge
from tests.smart.launch.conftest import PlugIn, plug_in
from tests.smart.launch.test_launch import code_of


@pytest.mark.verifies("APP-29", "I-6", "I-62", "W4")
def test_a_callback_opens_a_page_under_a_new_address(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    answer = site.called_back(browser, state=state, code="code-1", redirect_uri="https://evil.example", next="//evil")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/app/")
    assert state not in answer.headers["Location"]
    assert "code-1" not in answer.headers["Location"]
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    page = browser.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Test Person" in page.text
    form, headers = site.ehrs["north"].asked[0]
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "code-1"
    assert form["redirect_uri"] == f"{site.url}/smart/callback/north"
    assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")


@pytest.mark.verifies("APP-25", "APP-27", "I-61", "L4")
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"code": "c"}, "RPILD-LAUNCH-INCOMPLETE"),
        ({"code": "c", "state": ""}, "RPILD-LAUNCH-INCOMPLETE"),
        ({"code": "c", "state": "x" * 43}, "RPILD-LAUNCH-STATE"),
        ({"error": "access_denied"}, "RPILD-LAUNCH-INCOMPLETE"),
        ({"error": "access_denied", "state": "x" * 43}, "RPILD-LAUNCH-STATE"),
        ({"code": "c", "state": "x" * 5000}, "RPILD-LAUNCH-INCOMPLETE"),
    ],
)
def test_a_callback_that_nobody_waits_for_asks_for_no_token(site: PlugIn, sent: dict[str, str], code: str) -> None:
    browser = site.browser()
    site.launch(browser)
    answer = site.called_back(browser, **sent)
    assert (answer.status_code, code_of(answer.text)) == (400, code)
    assert site.ehrs["north"].asked == []


@pytest.mark.verifies("APP-27")
def test_repeated_parameters_are_refused(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    answer = browser.get(f"/smart/callback/north?state={state}&code=a&code=b")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-INCOMPLETE")
    assert site.ehrs["north"].asked == []


@pytest.mark.verifies("APP-27", "I-61", "L4")
def test_a_callback_works_once(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    assert site.called_back(browser, state=state, code="c").status_code == 303
    again = site.called_back(browser, state=state, code="c")
    assert (again.status_code, code_of(again.text)) == (400, "RPILD-LAUNCH-STATE")
    assert len(site.ehrs["north"].asked) == 1


@pytest.mark.verifies("I-61", "L4")
def test_a_state_of_another_browser_is_refused_and_audited(site: PlugIn) -> None:
    mine, other = site.browser(), site.browser()
    state = site.launch(mine)["state"]
    site.launch(other)
    answer = site.called_back(other, state=state, code="c")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-BROWSER")
    assert site.ehrs["north"].asked == []
    assert any("RPILD-LAUNCH-BROWSER" in what for _, what in site.audited())


@pytest.mark.verifies("I-61", "L4")
def test_an_old_state_is_refused(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    site.clock.ahead = timedelta(seconds=601)
    assert code_of(site.called_back(browser, state=state, code="c").text) == "RPILD-LAUNCH-STATE"


@pytest.mark.verifies("APP-71", "L10")
def test_a_browser_without_cookies_is_told_and_gets_a_new_tab(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    browser.blocked = True
    answer = site.called_back(browser, state=state, code="c")
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-STORAGE-BLOCKED")
    assert 'href="/smart/standalone?ehr=north" target="_blank"' in answer.text
    assert "allow cookies" in answer.text
    assert site.ehrs["north"].asked == []
    assert browser.get("/smart/standalone?ehr=north").status_code == 303


@pytest.mark.verifies("APP-28", "L4", "W3")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "did not agree"),
        ("invalid_scope", "does not know a right"),
        ("temporarily_unavailable", "too busy"),
        ("login_required", "not signed in"),
        ("<script>alert(1)</script>", "did not name"),
    ],
)
def test_errors_of_the_ehr_are_told_in_our_own_words(site: PlugIn, error: str, said: str) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    more = {"error_description": "<b>evil</b>", "error_uri": "https://evil.example/help"}
    answer = site.called_back(browser, state=state, error=error, **more)
    assert (answer.status_code, code_of(answer.text)) == (403, "RPILD-LAUNCH-REFUSED")
    assert said in answer.text
    assert "evil" not in answer.text
    assert "<script>alert" not in answer.text
    assert site.ehrs["north"].asked == []


@pytest.mark.verifies("APP-26", "L5")
def test_an_answer_of_another_issuer_is_refused(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    right = site.launch(browser)["state"]
    assert site.called_back(browser, state=right, code="c", iss=ehr.base).status_code == 303
    wrong = site.launch(browser)["state"]
    answer = site.called_back(browser, state=wrong, code="c", iss=site.ehrs["south"].base)
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-ISSUER")
    assert len(ehr.asked) == 1
    assert any("RPILD-LAUNCH-ISSUER" in what for _, what in site.audited())


@pytest.mark.verifies("APP-26", "L5")
def test_an_issuer_that_was_announced_must_be_named(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.configuration["authorization_response_iss_parameter_supported"] = True
    state = site.launch(browser)["state"]
    assert code_of(site.called_back(browser, state=state, code="c").text) == "RPILD-LAUNCH-ISSUER"
    state = site.launch(browser)["state"]
    assert code_of(site.called_back(browser, state=state, error="access_denied").text) == "RPILD-LAUNCH-ISSUER"


@pytest.mark.verifies("APP-26", "L5")
def test_the_address_of_another_ehr_is_refused(site: PlugIn) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    assert code_of(site.called_back(browser, "south", state=state, code="c").text) == "RPILD-LAUNCH-ISSUER"
    state = site.launch(browser)["state"]
    assert code_of(browser.get(f"/smart/callback?state={state}&code=c").text) == "RPILD-LAUNCH-ISSUER"
    assert site.ehrs["north"].asked == []


@pytest.mark.verifies("APP-26")
def test_the_common_address_serves_an_ehr_that_names_itself(knowledge: Knowledge) -> None:
    with plug_in(knowledge, {"north": {"sends_iss": True}}) as site:
        browser = site.browser()
        sent = site.launch(browser)
        assert sent["redirect_uri"] == f"{site.url}/smart/callback"
        unnamed = browser.get(f"/smart/callback?state={sent['state']}&code=c")
        assert code_of(unnamed.text) == "RPILD-LAUNCH-ISSUER"
        state = site.launch(browser)["state"]
        named = browser.get(f"/smart/callback?state={state}&code=c&iss={site.ehrs['north'].base}")
        assert named.status_code == 303


@pytest.mark.verifies("APP-29", "W1")
@pytest.mark.parametrize("path", ["/callback/%2e%2e/north", "//callback/north/x", "/callback/north%00"])
def test_odd_paths_lead_nowhere(site: PlugIn, path: str) -> None:
    browser = site.browser()
    state = site.launch(browser)["state"]
    answer = browser.get(f"{site.url}/smart{path}?state={state}&code=c")
    assert answer.status_code in (400, 404)
    assert answer.headers.get("Location", site.url).startswith(site.url)
    assert site.ehrs["north"].asked == []


@pytest.mark.verifies("I-193")
@pytest.mark.parametrize(
    ("intent", "part"),
    [("rpild-trend", "#trends"), ("rpild-summary", "#standing"), ("other", ""), ("<b>", ""), (7, "")],
)
def test_an_intent_opens_a_part_of_the_page(site: PlugIn, intent: object, part: str) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(intent=intent)
    path = site.page(browser)
    assert path.partition("/#")[2] == part.removeprefix("#")
    assert browser.get(path.partition("#")[0]).status_code == 200


@pytest.mark.verifies("APP-63")
def test_a_session_that_cannot_be_prolonged_says_when_it_ends(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    assert "does not prolong" not in browser.get(site.page(browser)).text
    ehr.token = lambda: ehr.grant(refresh_token=None)
    assert "does not prolong" in browser.get(site.page(browser)).text
