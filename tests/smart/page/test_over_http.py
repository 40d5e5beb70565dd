"""The page of a launch over real HTTP: shown, packed, kept by no cache, its note beside it, and its files."""

from __future__ import annotations

import re

import pytest
import requests

from tests.conftest import Demo
from tests.smart.launch.browsing import Browser


@pytest.fixture(scope="module")
def browser(demo: Demo) -> Browser:
    return Browser(demo.url)


@pytest.fixture(scope="module")
def address(demo: Demo, browser: Browser) -> str:
    """The page of the patient `classic`, opened from the chart."""
    url, answer = browser.follow(f"{demo.ehr}/auth/launch/classic")
    assert answer.status_code == 200, answer.text[:300]
    return url


def test_the_page_is_shown_and_kept_by_no_cache(browser: Browser, address: str) -> None:
    answer = browser.get(address)
    assert "RP-ILD criteria are met today by the four-condition definition" in answer.text
    assert "Aiko Morland" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_page_travels_packed_where_asked(browser: Browser, address: str) -> None:
    light = len(browser.get(address, Accept_Encoding="identity").content)
    packed = browser.get(address, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) * 3 < light


def test_all_that_a_first_visit_asks_for_is_light_and_ours(demo: Demo, browser: Browser, address: str) -> None:
    """The chart with the most to say of the demo; unpacked, as the browser holds it.

    Without the answers to cards, whose number depends on what else was asked of this demo before.
    """
    answer = browser.get(address, Accept_Encoding="gzip")
    wanted = re.findall(r'<(?:link|script)[^>]*(?:href|src)="([^"]+)"', answer.text)
    assert wanted
    assert all(each.startswith("/") for each in wanted)
    weight = len(re.sub(r'<div class="answering".*?</form></details></div>', "", answer.text, flags=re.DOTALL).encode())
    for each in wanted:
        asset = browser.get(each, Accept_Encoding="gzip")
        assert asset.status_code == 200, each
        weight += len(asset.content)
    assert weight <= 150_000, weight


def test_all_values_stand_on_a_page_of_their_own(browser: Browser, address: str) -> None:
    """The page of the assessment holds the newest, so that a long chart weighs no more than a short one."""
    shown, every = browser.get(address).text, browser.get(f"{address}values")
    assert (every.status_code, every.headers["Cache-Control"]) == (200, "no-store")
    assert 'href="values#values-ferritin"' in shown
    assert 'id="values-ferritin"' in every.text
    assert "Published medians beside it, a fact of a cohort" in every.text
    assert "Aiko Morland" in every.text


def test_what_is_behind_every_page_needs_no_launch(demo: Demo) -> None:
    answer = requests.get(f"{demo.url}/smart/basis", timeout=20)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, max-age=300")
    assert 'id="setting-fvc_fall_pct"' in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_note_is_plain_text(browser: Browser, address: str) -> None:
    answer = browser.get(f"{address}note")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.startswith("RP-ILD decision support, ")
    assert "Aiko Morland" not in answer.text
    assert "DEMO-0001" not in answer.text


def test_another_browser_sees_neither(demo: Demo, address: str) -> None:
    for path in (address, f"{address}note", f"{address}values"):
        answer = Browser(demo.url).get(path)
        assert answer.status_code == 404
        assert "Anti-MDA5" not in answer.text


def test_values_lead_to_entries_that_can_be_read(browser: Browser, address: str, demo: Demo) -> None:
    links = re.findall(rf'href="({re.escape(demo.ehr)}/open/fhir/Observation/[^"]+)"', browser.get(address).text)
    assert links
    entry = requests.get(links[0], timeout=20)
    assert entry.json()["resourceType"] == "Observation"


def test_a_patient_out_of_scope_gets_a_calm_page(demo: Demo, browser: Browser) -> None:
    _, answer = browser.follow(f"{demo.ehr}/auth/launch/rheumatoid-knee")
    assert answer.status_code == 200
    assert "That is no all-clear" in answer.text
    assert "Options and their evidence" not in answer.text
