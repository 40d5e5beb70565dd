"""Addresses, methods and faults beside the way: always a page with a code, never a trace."""

from __future__ import annotations

import pytest

from rpild_server.storage.errors import MemoryFailedError
from tests.smart.launch.conftest import DemoSite, PlugIn
from tests.smart.launch.test_launch import code_of
from tests.smart.launch.test_sessions import csrf_of


@pytest.mark.verifies("APP-72", "W1", "W5")
@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/smart/nowhere", "RPILD-PAGE-GONE"),
        ("GET", "/smart/callback/nowhere?state=x&code=c", "RPILD-LAUNCH-STATE"),
        ("GET", "/app/x/y/z", "RPILD-PAGE-GONE"),
        ("POST", "/smart/launch", "RPILD-PAGE-METHOD"),
        ("POST", "/smart/jwks.json", "RPILD-PAGE-METHOD"),
        ("POST", "/app/x/", "RPILD-PAGE-METHOD"),
    ],
)
def test_every_other_address_is_a_page(site: PlugIn, method: str, path: str, code: str) -> None:
    browser = site.browser()
    answer = browser.get(path) if method == "GET" else browser.post(path, {})
    assert code_of(answer.text) == code
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert 'style="' not in answer.text
    assert answer.headers["X-Correlation-Id"] in answer.text


@pytest.mark.verifies("W1", "APP-1")
@pytest.mark.parametrize("path", ["/app/x", "/smart//launch", "//evil.example/app/x", "/app//x/"])
def test_no_redirect_repeats_the_host_of_the_request(site: PlugIn, path: str) -> None:
    answer = site.browser().get(f"{site.url}{path}", Host="evil.example")
    assert answer.headers.get("Location", "/app/x/") == "/app/x/"
    assert answer.status_code in (303, 404)


@pytest.mark.verifies("APP-76")
def test_a_form_that_is_too_large_is_a_page(site: PlugIn) -> None:
    browser = site.browser()
    path = site.page(browser)
    form = {"csrf": csrf_of(browser.get(path).text), "more": "x" * 100_000}
    answer = browser.post(f"{path}logout", form)
    assert (answer.status_code, code_of(answer.text)) == (400, "RPILD-LAUNCH-INCOMPLETE")
    assert browser.get(path).status_code == 200


def test_a_store_that_fails_is_a_page(site: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_given: object) -> None:
        raise MemoryFailedError("The disk is full.")

    browser = site.browser()
    path = site.page(browser)
    monkeypatch.setattr("rpild_server.storage.launches.LaunchRows.find", failing)
    answer = browser.get(path)
    assert answer.status_code == 503
    assert "RPILD-PAGE-STORE" in answer.text


def test_a_fault_of_ours_is_a_page_without_a_value(site: PlugIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_given: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("smart_app.routes.begin_from_ehr", failing)
    answer = site.launched(site.browser())
    assert (answer.status_code, code_of(answer.text)) == (500, "RPILD-PAGE-FAULT")
    assert "canary" not in answer.text


@pytest.mark.verifies("L10", "W5", "APP-70")
def test_the_pages_of_the_launch_hold_no_inline_code(demo_site: DemoSite) -> None:
    browser = demo_site.browser()
    _, page = demo_site.open(browser, "classic")
    for text in (page.text, browser.get("/smart/standalone").text, browser.get("/app/x/").text):
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<style" not in text
        assert "http-equiv" not in text
