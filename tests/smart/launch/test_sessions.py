"""Pages belong to launches: never to a browser as a whole, never to another one, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ehr_access.discovery import DiscoveryError
from rpild_server.storage.tables import launches, pending_launches
from tests.smart.launch.browsing import Browser
from tests.smart.launch.conftest import DemoSite, PlugIn
from tests.smart.launch.test_launch import code_of

TABLES = (launches, pending_launches)


def opened(site: PlugIn, browser: Browser, patient: str, ehr: str = "north") -> str:
    """The page of a patient."""
    script = site.ehrs[ehr]
    script.token = lambda: script.grant(patient=patient, access_token=f"token-of-{patient}")
    return site.page(browser, ehr)


def csrf_of(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.verifies("APP-10", "APP-73", "L9")
def test_two_launches_interleaved_stay_apart(site: PlugIn) -> None:
    """Launch A, launch B, callback B, callback A, reload A: still A. And reload B: still B."""
    browser, ehr = site.browser(), site.ehrs["north"]
    first, second = site.launch(browser)["state"], site.launch(browser)["state"]
    ehr.token = lambda: ehr.grant(patient="bbb", access_token="token-b")
    page_b = site.called_back(browser, state=second, code="b").headers["Location"]
    ehr.token = lambda: ehr.grant(patient="aaa", access_token="token-a")
    page_a = site.called_back(browser, state=first, code="a").headers["Location"]
    for path, token, patient in ((page_a, "token-a", "aaa"), (page_b, "token-b", "bbb"), (page_a, "token-a", "aaa")):
        ehr.read.clear()
        assert browser.get(path).status_code == 200
        assert {bearer for _, bearer in ehr.read} == {token}
        assert any(f"/fhir/Patient/{patient}" in where for where, _ in ehr.read)
    assert len(browser.cookies) == 1


@pytest.mark.verifies("APP-73", "L9")
def test_two_patients_of_the_demo_in_two_tabs(demo_site: DemoSite) -> None:
    browser = demo_site.browser()
    first, shown = demo_site.open(browser, "classic")
    second, other = demo_site.open(browser, "improving")
    assert "Aiko Morland" in shown.text
    assert "Aiko Morland" not in other.text
    assert "Aiko Morland" in browser.get(first).text
    assert browser.get(second).text.count("Aiko Morland") == 0


@pytest.mark.verifies("APP-74", "L9")
def test_two_ehrs_in_one_browser_stay_apart(site: PlugIn) -> None:
    browser = site.browser()
    north, south = opened(site, browser, "n1", "north"), opened(site, browser, "s1", "south")
    for script in site.ehrs.values():
        script.read.clear()
    assert browser.get(north).status_code == 200
    assert site.ehrs["south"].read == []
    assert browser.get(south).status_code == 200
    assert {token for _, token in site.ehrs["south"].read} == {"token-of-s1"}
    assert {token for _, token in site.ehrs["north"].read} == {"token-of-n1"}


@pytest.mark.verifies("APP-72", "L11")
def test_a_page_opens_in_its_own_browser_only(site: PlugIn) -> None:
    browser, thief, stranger = site.browser(), site.browser(), site.browser()
    path = opened(site, browser, "aaa")
    opened(site, thief, "bbb")
    said = set()
    wrong = [(browser, each) for each in (path[:-2] + "x/", "/app/x/", f"/app/{'x' * 43}/")]
    for who, where in ((thief, path), (stranger, path), *wrong):
        answer = who.get(where)
        assert (answer.status_code, code_of(answer.text)) == (404, "RPILD-PAGE-GONE")
        assert "Test Person" not in answer.text
        said.add(answer.text.split("<code>", 2)[0])
    assert len(said) == 1
    forged = site.browser()
    forged.cookies[site.cookie] = "x" * 43
    assert forged.get(path).status_code == 404


@pytest.mark.verifies("APP-76", "L9")
def test_an_unused_page_and_an_old_page_are_closed(site: PlugIn) -> None:
    browser = site.browser()
    path = opened(site, browser, "aaa")
    site.ehrs["north"].token = lambda: site.ehrs["north"].grant(patient="aaa", expires_in=80_000)
    long = site.page(browser)
    site.clock.ahead = timedelta(minutes=29)
    assert browser.get(long).status_code == 200
    site.clock.ahead = timedelta(minutes=31)
    assert code_of(browser.get(path).text) == "RPILD-PAGE-GONE"
    for minutes in range(58, 12 * 60, 29):
        site.clock.ahead = timedelta(minutes=minutes)
        assert browser.get(long).status_code == 200, minutes
    site.clock.ahead = timedelta(hours=12, minutes=1)
    assert code_of(browser.get(long).text) == "RPILD-PAGE-GONE"
    site.clock.ahead = timedelta()
    assert browser.get(path).status_code == 404


@pytest.mark.verifies("APP-76")
@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "wrong"}, {"csrf": "é"}])
def test_a_form_without_the_pages_token_does_nothing(site: PlugIn, form: dict[str, str]) -> None:
    browser = site.browser()
    path = opened(site, browser, "aaa")
    answer = browser.post(f"{path}logout", form)
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-FORM")
    assert browser.get(path).status_code == 200


@pytest.mark.verifies("APP-73", "APP-76")
def test_a_token_of_another_page_or_site_does_nothing(site: PlugIn) -> None:
    browser = site.browser()
    first, second = opened(site, browser, "aaa"), opened(site, browser, "bbb")
    theirs = csrf_of(browser.get(second).text)
    assert browser.post(f"{first}logout", {"csrf": theirs}).status_code == 400
    mine = csrf_of(browser.get(first).text)
    assert browser.post(f"{first}logout", {"csrf": mine}, Sec_Fetch_Site="cross-site").status_code == 400
    assert browser.get(first).status_code == 200


@pytest.mark.verifies("APP-77", "L11", "APP-73")
def test_logout_ends_this_page_and_no_other(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    first, second = opened(site, browser, "aaa"), opened(site, browser, "bbb")
    answer = browser.post(f"{first}logout", {"csrf": csrf_of(browser.get(first).text)})
    assert answer.status_code == 200
    assert "cookies" not in answer.headers["Clear-Site-Data"]
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert [(each["token"], each["token_type_hint"]) for each in ehr.revoked] == [
        ("refresh-0", "refresh_token"), ("token-of-aaa", "access_token"),
    ]  # fmt: skip
    assert all("client_assertion" in each for each in ehr.revoked)
    assert code_of(browser.get(first).text) == "RPILD-PAGE-GONE"
    assert browser.get(second).status_code == 200


@pytest.mark.verifies("APP-77")
def test_an_ehr_that_cannot_revoke_does_not_hold_the_logout_up(site: PlugIn) -> None:
    browser, ehr = site.browser(), site.ehrs["south"]
    ehr.configuration["revocation_endpoint"] = None
    path = opened(site, browser, "aaa", "south")
    assert browser.post(f"{path}logout", {"csrf": csrf_of(browser.get(path).text)}).status_code == 200
    assert ehr.revoked == []


@pytest.mark.verifies("APP-77")
def test_an_ehr_whose_configuration_is_gone_does_not_hold_the_logout_up(
    site: PlugIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_given: object) -> None:
        raise DiscoveryError("it is gone")

    browser = site.browser()
    path = opened(site, browser, "aaa")
    csrf = csrf_of(browser.get(path).text)
    monkeypatch.setattr("ehr_access.discovery.Discovery.find", failing)
    assert browser.post(f"{path}logout", {"csrf": csrf}).status_code == 200
    assert browser.get(path).status_code == 404


@pytest.mark.verifies("APP-76")
def test_what_has_expired_is_removed_from_the_store(site: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rpild_server.smart_wiring.SWEEP_SECONDS", 0)
    browser = site.browser()
    opened(site, browser, "aaa")
    site.launch(browser)
    site.clock.ahead = timedelta(minutes=40)
    site.launch(browser)
    with site.store().memory_engine.connect() as connection:
        kept = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES]
    assert kept == [0, 1]


@pytest.mark.verifies("L11")
def test_an_ehr_that_is_registered_no_more_closes_its_pages(site: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    path, state = opened(site, browser, "aaa"), site.launch(browser)["state"]
    monkeypatch.setattr("ehr_access.apps.SmartEhrs.find", lambda *_given: None)
    assert code_of(browser.get(path).text) == "RPILD-PAGE-GONE"
    assert code_of(site.called_back(browser, state=state, code="c").text) == "RPILD-LAUNCH-STATE"


@pytest.mark.verifies("APP-70", "W2", "W4")
def test_pages_are_framed_by_their_own_ehr_only_and_kept_by_nobody(site: PlugIn) -> None:
    browser = site.browser()
    answer = browser.get(opened(site, browser, "aaa"))
    policy = dict(each.strip().partition(" ")[::2] for each in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == "https://north.example"
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert (policy["object-src"], policy["base-uri"]) == ("'none'", "'none'")
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    unknown = site.launched(browser, iss="https://unknown.example")
    assert "frame-ancestors https://north.example https://south.example" in unknown.headers["Content-Security-Policy"]


@pytest.mark.verifies("I-7")
def test_no_token_or_secret_leaves_the_server(site: PlugIn, capfd: pytest.CaptureFixture[str]) -> None:
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(access_token="canary-access", refresh_token="canary-refresh", patient="canary-id")
    sent = site.launch(browser)
    path = site.called_back(browser, state=sent["state"], code="canary-code").headers["Location"]
    page = browser.get(path)
    verifier = ehr.asked[-1][0]["code_verifier"]
    assert page.status_code == 200
    with site.store().memory_engine.connect() as connection:
        stored = "".join(connection.connection.iterdump())
    told = "".join(capfd.readouterr())
    seen = f"{page.text}{page.headers}{browser.set_cookies}"
    for canary in ("canary-access", "canary-refresh", "canary-code", verifier):
        assert canary not in f"{seen}{told}{stored}{site.audited()}"
    launch_id = path.split("/")[2]
    for canary in ("canary-id", "Test Person", launch_id, browser.cookies[site.cookie]):
        assert canary not in f"{told}{stored}{site.audited()}"
