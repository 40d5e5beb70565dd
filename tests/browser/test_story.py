"""The whole story: sign, card, page, statement, changed card, override, silence, new evidence, card again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.acting import app_of, attested_form, open_chart, press_again, sign, topics
from tests.browser.conftest import Visit
from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Start = Callable[..., Visit]
PATIENT = "one-statement"
UNDETERMINED, COMBINATION = "Data needed to judge RP-ILD", "Combination therapy in anti-MDA5 RP-ILD"


def test_the_story(visit: Start, demo: Demo) -> None:
    opened = visit()
    page = opened.page
    open_chart(page, demo.ehr, PATIENT)
    assert topics(page) == [UNDETERMINED]
    opened.picture("story-1-card")
    page.locator("#cards a.open-app").first.click()
    frame = app_of(page)
    expect(frame.locator("#standing h1")).to_contain_text("cannot be determined")
    opened.window("story-2-page-in-the-chart")
    state_the_increase(frame)
    expect(frame.locator("#standing h1")).not_to_contain_text("cannot be determined")
    opened.window("story-3-stated")
    sign_again_after_the_statement(page)
    opened.picture("story-4-changed-card")
    set_aside(page)
    press_again(page)
    expect(page.locator("#cards .nothing").first).to_contain_text("No new card from this check")
    opened.picture("story-5-silence")
    page.get_by_role("button", name="Let new results arrive").click()
    expect(page.locator("#cards .said")).to_contain_text("New results: Ferritin")
    expect(page.locator("#record")).to_contain_text("2140 ng/mL")
    press_again(page)
    assert COMBINATION in topics(page)
    opened.picture("story-6-new-evidence")
    assert opened.complaints == []


def state_the_increase(frame: FrameLocator) -> None:
    """Fill in the statement that no EHR holds as data, and sign it."""
    form = attested_form(frame, "hrct-increase-percent")
    form.get_by_label("Increase in percent").fill("30")
    form.get_by_label("percentage points of the lung").check()
    form.get_by_label("Earlier CT", exact=True).select_option(f"ImagingStudy/{PATIENT}-ct1")
    form.get_by_label("Later CT", exact=True).select_option(f"ImagingStudy/{PATIENT}-ct2")
    form.get_by_role("button", name="Sign and save").click()
    expect(frame.locator("#attest-done")).to_be_visible()


def sign_again_after_the_statement(page: Page) -> None:
    page.get_by_role("link", name="Chart of").first.click()
    expect(page.locator("#cards .event").first).to_contain_text("HTTP 200")
    expect(page.locator("#record")).to_contain_text("Increase of interstitial abnormality between two chest CTs: 30 %")
    assert topics(page) == [COMBINATION]
    sign(page, "tacrolimus")


def set_aside(page: Page) -> None:
    """Override the card that says combination therapy, with a reason."""
    card = page.locator("#cards article.card").filter(has_text=COMBINATION).first
    card.get_by_text("Set aside …").click()
    card.get_by_label("Reason").select_option("alreadyAddressed")
    card.get_by_role("button", name="Set card aside").click()
    expect(page.locator("#cards .said")).to_contain_text("Card set aside.")
