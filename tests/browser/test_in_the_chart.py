"""The app in the chart: tabs that never mix, no script, keyboard only, blocked cookies, narrow windows, paper."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import app_of, attested_form, frame_of, launch_address, open_chart
from tests.browser.conftest import Visit
from tests.conftest import SWITCHES, Demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Start = Callable[..., Visit]
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NARROW = ["classic", "ecmo-candidate", "dirty-chart", "kurasawa-k1", "one-statement"]


def named(page: Page) -> str:
    return app_of(page).locator(".identity .name").first.inner_text()


@pytest.mark.verifies("L9")
def test_two_tabs_keep_their_patients(visit: Start, demo: Demo) -> None:
    first = visit()
    other = first.page.context.new_page()
    first.page.goto(f"{demo.ehr}/patients/classic/app")
    assert named(first.page) == "Aiko Morland"
    other.goto(f"{demo.ehr}/patients/rheumatoid-knee/app")
    name = named(other)
    assert name != "Aiko Morland"
    frame_of(first.page).evaluate("location.reload()")
    first.page.wait_for_timeout(300)
    assert named(first.page) == "Aiko Morland"
    frame_of(other).evaluate("location.reload()")
    other.wait_for_timeout(300)
    assert named(other) == name
    assert first.complaints == []


@pytest.mark.verifies("W5")
def test_without_a_script_the_page_is_whole_and_takes_a_statement(visit: Start, demo: Demo) -> None:
    opened = visit(java_script_enabled=False)
    opened.page.goto(f"{demo.ehr}/patients/missing-gas/app")
    frame = app_of(opened.page)
    for part in ("standing", "missing", "criteria", "options", "workup", "transplant", "attest", "why"):
        expect(frame.locator(f"#{part}")).to_be_attached()
    expect(frame.locator("#algorithm svg").first).to_be_hidden()
    frame.locator(".parts a[href='#algorithm']").click()
    frame.locator("#algorithm > summary").click()
    expect(frame.locator("#algorithm svg").first).to_be_visible()
    frame.locator("#missing a[href='#attest-hrct-increase-percent']").first.click()
    expect(
        frame.locator("#hrct-increase-percent-value, #attest-hrct-increase-percent > summary").first
    ).to_be_in_viewport()
    form = attested_form(frame, "progressive-dyspnoea")
    form.get_by_label("Yes", exact=True).check()
    form.get_by_role("button", name="Sign and save").click()
    expect(frame.locator("#attest-done")).to_contain_text("Saved in the EHR")
    opened.window("no-script-statement")


@pytest.mark.parametrize("scripted", [True, False])
def test_an_incomplete_statement_leads_back_to_its_form(visit: Start, demo: Demo, scripted: bool) -> None:
    """In a frame of another site a browser gives no field the focus by itself: the address must lead there."""
    opened = visit(java_script_enabled=scripted)
    opened.page.goto(f"{demo.ehr}/patients/missing-gas/app")
    frame = app_of(opened.page)
    attested_form(frame, "progressive-dyspnoea").get_by_role("button", name="Sign and save").click()
    expect(frame.locator("#attest-progressive-dyspnoea .field-error").first).to_be_in_viewport()


def test_a_page_that_is_closed_has_words_on_paper_too(visit: Start, demo: Demo) -> None:
    page = visit().page
    page.goto(f"{demo.url}/app/nobody/")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="This page is closed")).to_be_visible()


@pytest.mark.verifies("W5")
def test_with_the_keyboard_alone(visit: Start, demo: Demo) -> None:
    opened = visit()
    page = opened.page
    open_chart(page, demo.ehr, "improving")
    tab_to(page, "RP-ILD page")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app")
    frame = frame_of(page)
    for _ in range(12):  # through the demo EHR's own links into the frame
        page.keyboard.press("Tab")
        if frame.evaluate("document.activeElement.className") == "skip":
            break
    page.keyboard.press("Enter")
    assert frame.evaluate("document.activeElement.id") == "main"
    for part in ("#attest", "#attest-bilateral-infiltrates"):
        frame.evaluate(f"document.querySelector('{part} > summary').focus()")
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert frame.evaluate("document.activeElement.type") == "radio"
    ring = frame.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none"
    opened.window("keyboard-focus")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the link with these words has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == words:
            return
    raise AssertionError(f"{words!r} is not reached with the Tab key")


@contextmanager
def with_profile(browser: Browser, chromium: str, folder: Path, profile: dict[str, object]) -> Iterator[Page]:
    """A Chromium of its own whose profile says this about cookies, as an administrator sets it."""
    (folder / "Default").mkdir()
    (folder / "Default/Preferences").write_text(json.dumps({"profile": profile}), encoding="utf-8")
    kept = browser.browser_type.launch_persistent_context(
        folder, executable_path=chromium, args=SWITCHES, viewport={"width": 1280, "height": 900}
    )
    try:
        yield kept.pages[0]
    finally:
        kept.close()


@pytest.mark.verifies("L10", "APP-71")
def test_with_cookies_blocked_a_new_tab_is_offered(browser: Browser, chromium: str, demo: Demo, tmp_path: Path) -> None:
    """As when a hospital's browser lets no site keep anything."""
    with with_profile(browser, chromium, tmp_path, {"default_content_setting_values": {"cookies": 2}}) as page:
        page.goto(f"{demo.ehr}/patients/classic/app")
        frame = app_of(page)
        Visit(page).window("cookies-blocked")
        expect(frame.locator("main")).to_contain_text("cookie", ignore_case=True)
        expect(frame.locator("#standing")).to_have_count(0)
        expect(frame.locator("main a[target='_blank']")).to_be_visible()


KEPT_HERE = """() => {
  document.cookie = "plain=1; Path=/; Secure; SameSite=None";
  document.cookie = "parted=1; Path=/; Secure; SameSite=None; Partitioned";
  return document.cookie.split("; ").sort().join();
}"""


@pytest.mark.verifies("L10", "APP-69")
def test_third_party_cookies_blocked_the_partitioned_one_carries_the_page(
    browser: Browser, chromium: str, demo: Demo, tmp_path: Path
) -> None:
    """What the frame may keep shows that the browser blocks: a plain cookie is lost, a partitioned one is kept."""
    profile: dict[str, object] = {"block_third_party_cookies": True, "cookie_controls_mode": 1}
    with with_profile(browser, chromium, tmp_path, profile) as page:
        page.goto(f"{demo.ehr}/patients/missing-gas/app")
        frame = app_of(page)
        assert frame_of(page).evaluate(KEPT_HERE) == "parted=1"
        form = attested_form(frame, "progressive-dyspnoea")
        form.get_by_label("Yes", exact=True).check()
        form.get_by_role("button", name="Sign and save").click()
        expect(frame.locator("#attest-done")).to_contain_text("Saved in the EHR")


@pytest.mark.verifies("W5")
@pytest.mark.parametrize("patient", NARROW)
def test_nothing_is_wider_than_a_phone(visit: Start, demo: Demo, patient: str) -> None:
    opened = visit(viewport={"width": 320, "height": 800})
    open_chart(opened.page, demo.ehr, patient)
    opened.page.evaluate(OPEN_ALL)
    assert opened.overflow() == 0
    opened.page.goto(f"{demo.ehr}/patients/{patient}/app")
    frame = frame_of(opened.page)
    frame.evaluate(OPEN_ALL)
    assert (opened.overflow(), frame.evaluate(TOO_WIDE)) == (0, 0)
    opened.window(f"app-narrow-{patient}")


@pytest.mark.verifies("W5")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_tab_of_its_own_on_screen_and_on_paper(visit: Start, demo: Demo, scheme: str) -> None:
    opened = visit(color_scheme=scheme)
    page = opened.page
    page.route("**/smart/launch*", lambda route: route.abort())  # the frame shall not use up the launch
    page.goto(f"{demo.ehr}/patients/classic/app")
    address = launch_address(page)
    page.unroute("**/smart/launch*")
    page.goto(address)
    expect(page.locator("#standing")).to_be_visible()
    opened.picture(f"page-classic-{scheme}")
    page.emulate_media(media="print")
    opened.picture(f"page-classic-print-{scheme}")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
