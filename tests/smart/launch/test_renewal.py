"""Tokens that run out: renewed once, for all who wait; and what happens when they are not."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from rpild_rules.knowledge import Knowledge
from tests.smart.launch.browsing import Browser
from tests.smart.launch.conftest import PlugIn, plug_in
from tests.smart.launch.renewing import renew_in_processes
from tests.smart.launch.scripted_ehr import Json, ScriptedEhr
from tests.smart.launch.test_launch import code_of


def renewing(ehr: ScriptedEhr, **changed: object) -> None:
    """From now on each token request gets the next pair of tokens, and only the newest is accepted."""

    def answer() -> Json:
        number = len(ehr.asked)
        ehr.accepted = {f"access-{number}"}
        given = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
        return ehr.grant(**(given | changed))

    ehr.token = answer


def opened(site: PlugIn, **changed: object) -> tuple[Browser, str, ScriptedEhr]:
    browser, ehr = site.browser(), site.ehrs["north"]
    renewing(ehr, **changed)
    return browser, site.page(browser), ehr


@pytest.mark.verifies("APP-61", "I-105", "I-117", "APP-49", "L8")
def test_an_old_token_is_renewed_before_it_is_used(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    site.clock.ahead = timedelta(seconds=280)
    assert browser.get(path).status_code == 200
    assert {token for _, token in ehr.read} == {"access-2"}
    form = ehr.asked[1][0]
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "refresh-1")
    assert "scope" not in form
    assert form["client_assertion"] != ehr.asked[0][0]["client_assertion"]
    site.clock.ahead = timedelta(seconds=560)
    assert browser.get(path).status_code == 200
    assert ehr.asked[2][0]["refresh_token"] == "refresh-2"


@pytest.mark.verifies("APP-62", "APP-61", "L8", "I-93")
def test_reads_that_are_refused_renew_once_and_are_repeated_once(site: PlugIn) -> None:
    """All parallel reads of the page meet a 401; one refresh request serves them all."""
    browser, path, ehr = opened(site)
    ehr.accepted = {"access-2"}
    assert browser.get(path).status_code == 200
    assert len(ehr.asked) == 2
    tried = [where for where, token in ehr.read if token == "access-1"]
    again = [where for where, token in ehr.read if token == "access-2"]
    assert len(tried) > 3
    assert sorted(tried) == sorted(again)
    assert not [where for where, _ in ehr.read if "access" in where]


@pytest.mark.verifies("APP-61", "L8")
def test_many_tabs_at_once_use_a_refresh_token_once(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    ehr.pause = 0.3
    site.clock.ahead = timedelta(seconds=280)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: browser.get(path).status_code, range(6)))
    assert answers == [200] * 6
    assert [form["refresh_token"] for form, _ in ehr.asked[1:]] == ["refresh-1"]


@pytest.mark.verifies("I-117")
def test_a_refresh_token_that_is_not_replaced_stays(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    renewing(ehr, refresh_token=None)
    for step in (1, 2):
        site.clock.ahead = timedelta(seconds=280 * step)
        assert browser.get(path).status_code == 200
    assert [form["refresh_token"] for form, _ in ehr.asked[1:]] == ["refresh-1", "refresh-1"]


@pytest.mark.verifies("I-105")
def test_scopes_are_repeated_where_a_registration_says_so(knowledge: Knowledge) -> None:
    with plug_in(knowledge, {"north": {"refresh_with_scope": True}}) as site:
        browser, path, ehr = opened(site)
        site.clock.ahead = timedelta(seconds=280)
        assert browser.get(path).status_code == 200
        assert ehr.asked[1][0]["scope"] == "launch patient/*.rs"


@pytest.mark.verifies("APP-63", "L8")
def test_a_refused_renewal_ends_the_session_with_a_page(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    ehr.token = lambda: ({"error": "invalid_grant"}, 400)  # type: ignore[assignment,return-value]
    site.clock.ahead = timedelta(seconds=301)
    for _ in range(2):
        answer = browser.get(path)
        assert (answer.status_code, code_of(answer.text)) == (401, "RPILD-SESSION-ENDED")
        assert "Open the page again from the patient" in answer.text
    assert len(ehr.asked) == 2


@pytest.mark.verifies("APP-63", "L8")
def test_a_token_that_is_refused_without_a_way_to_renew_ends_the_session(site: PlugIn) -> None:
    browser, path, ehr = opened(site, refresh_token=None)
    ehr.accepted = set()
    assert code_of(browser.get(path).text) == "RPILD-SESSION-ENDED"
    assert len(ehr.asked) == 1


@pytest.mark.verifies("APP-63", "L8")
def test_a_server_that_cannot_renew_now_ends_nothing(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    ehr.token = lambda: ("busy", 503)  # type: ignore[assignment,return-value]
    site.clock.ahead = timedelta(seconds=280)
    assert browser.get(path).status_code == 200
    site.clock.ahead = timedelta(seconds=301)
    assert code_of(browser.get(path).text) == "RPILD-SESSION-ENDED"
    renewing(ehr)
    assert browser.get(path).status_code == 200


@pytest.mark.verifies("APP-58")
def test_a_renewed_token_of_another_patient_ends_the_page(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    renewing(ehr, patient="p2")
    site.clock.ahead = timedelta(seconds=280)
    assert code_of(browser.get(path).text) == "RPILD-SESSION-ENDED"
    assert code_of(browser.get(path).text) == "RPILD-PAGE-GONE"


@pytest.mark.verifies("APP-58")
def test_an_identity_in_a_renewal_changes_nothing(site: PlugIn) -> None:
    browser, path, ehr = opened(site)
    renewing(ehr, id_token="not.a.token")
    site.clock.ahead = timedelta(seconds=280)
    assert browser.get(path).status_code == 200


@pytest.mark.verifies("APP-61")
def test_processes_share_one_renewal() -> None:
    used, tokens = renew_in_processes(multiprocessing.get_context("spawn"), 4)
    assert used == 1
    assert tokens == ["fresh"] * 4
