"""What the demo EHR lays open and what it can be told to do wrong, as people meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.acting import app_of, open_chart
from tests.browser.conftest import Visit
from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Start = Callable[..., Visit]


@pytest.fixture
def faults(demo: Demo) -> Iterator[str]:
    """The address of the switches; all off in the end."""
    yield f"{demo.ehr}/faults"
    requests.delete(f"{demo.ehr}/faults", timeout=5).raise_for_status()


def test_the_drawer_shows_a_call_and_copies_it_without_its_token(visit: Start, demo: Demo) -> None:
    opened = visit(permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    open_chart(page, demo.ehr, "classic")
    page.get_by_role("link", name="Behind this call").first.click()
    drawer = page.locator("dialog.drawer")
    expect(drawer.locator("h1")).to_have_text("Behind the call: chart opened")
    opened.window("drawer")
    drawer.get_by_role("button", name="Copy Hook request").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert '"hook": "patient-view"' in copied
    assert "(masked, " in copied
    page.keyboard.press("Escape")
    expect(drawer).not_to_be_visible()
    page.get_by_role("link", name="RP-ILD page").click()
    app_of(page)
    page.get_by_role("link", name="What was read").click()
    expect(drawer.locator("code").filter(has_text="GET /fhir/Observation").first).to_be_visible()
    opened.window("drawer-of-the-app")
    assert opened.complaints == []


def test_what_a_fault_hides_is_named_on_the_page(visit: Start, demo: Demo, faults: str) -> None:
    opened = visit()
    page = opened.page
    page.goto(faults)
    opened.picture("faults")
    page.goto(f"{demo.ehr}/patients/classic?tab=app&fault=forbidden=Observation")
    expect(page.locator(".wrong")).to_contain_text("forbidden")
    frame = app_of(page)
    expect(frame.locator("main")).to_contain_text("not permitted", ignore_case=True)
    expect(frame.locator("#standing h1")).to_contain_text(
        "Anti-MDA5 could not be read. Whether RP-ILD criteria are met"
    )
    expect(frame.locator("#standing h1")).to_contain_text("cannot be determined")
    expect(frame.locator("#standing")).not_to_contain_text("no result")
    opened.window("fault-named-on-the-page")
    page.locator(".wrong a").click()
    page.get_by_role("button", name="Switch all off").click()
    expect(page.locator(".wrong")).to_have_count(0)


def test_the_tour_leads_through_the_story(visit: Start, demo: Demo) -> None:
    opened = visit()
    page = opened.page
    page.goto(demo.ehr)
    page.get_by_role("link", name="New here?").click()
    page.get_by_role("link", name="1. A chart speaks up").click()
    for number in range(1, 6):
        expect(page.locator(".tour strong")).to_contain_text(f"{number} of 5")
        if number == 2:
            opened.window("tour")
        page.locator(".tour .ways a").first.click()
    expect(page.locator("h1")).to_have_text("Patients")
    assert opened.complaints == []
