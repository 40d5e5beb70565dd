"""A clinician's way through the demo: open a chart, sign an order, read the card, take up a suggestion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Start = Callable[..., Visit]
CLASSIC, IRRELEVANT = "Classic RP-ILD", "knee"


def sign(opened: Visit, order: str) -> None:
    """Tick an order on the pad and press Sign."""
    wanted = f'input[name="order"][value="{order}"]'
    box = opened.page.locator(f"#order-pad {wanted}")
    group = opened.page.locator("#order-pad details.group").filter(has=opened.page.locator(wanted))
    if group.get_attribute("open") is None:
        group.locator("summary").click()
    box.check()
    opened.page.get_by_role("button", name="Sign", exact=True).click()


def test_signing_an_order_shows_the_cards(visit: Start, demo: Demo, ehr_host: str) -> None:
    opened = visit()
    opened.page.goto(demo.ehr)
    opened.picture("patients")
    opened.page.get_by_role("link", name=CLASSIC).click()
    expect(opened.page.locator("#cards article.card").first).to_be_visible()
    sign(opened, "methotrexate")
    expect(opened.page.locator("#cards .event").first).to_contain_text("HTTP 200")
    topics = opened.page.locator("#cards article.card")
    expect(topics.first).to_have_class("card critical")
    expect(topics.filter(has_text="induction").first).to_be_visible()
    opened.picture("signed")
    assert opened.complaints == []
    assert opened.hosts == {ehr_host}, "the page talks to its own EHR only"


def test_a_suggestion_goes_on_the_pad(visit: Start, demo: Demo) -> None:
    opened = visit()
    opened.page.goto(f"{demo.ehr}/?patient=classic&order=methotrexate&hook=order-sign")
    suggestion = opened.page.locator("#cards .suggestions li").first
    wanted = suggestion.locator("span").first.inner_text()
    suggestion.get_by_role("button").click()
    expect(opened.page.locator("#order-pad .added .pick").first).to_be_visible()
    assert opened.page.locator("#order-pad .added .pick").count() == 1
    expect(opened.page.locator("#cards .taken").first).to_be_visible()
    assert wanted
    assert opened.complaints == []


def test_an_irrelevant_chart_stays_quiet(visit: Start, demo: Demo) -> None:
    opened = visit()
    opened.page.goto(demo.ehr)
    opened.page.get_by_role("link", name=IRRELEVANT).first.click()
    sign(opened, "methotrexate")
    expect(opened.page.locator("#cards .event").first).to_contain_text("HTTP 200")
    expect(opened.page.locator("#cards")).to_contain_text("No card from this check. Silence is no all-clear.")
    assert opened.page.locator("#cards article.card").count() == 0
    opened.picture("irrelevant")


def test_it_works_without_javascript(visit: Start, demo: Demo) -> None:
    opened = visit(java_script_enabled=False)
    opened.page.goto(f"{demo.ehr}/?patient=classic")
    sign(opened, "methotrexate")
    expect(opened.page.locator("#cards article.card").first).to_be_visible()
    expect(opened.page.locator("#cards .event").first).to_contain_text("HTTP 200")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_window(visit: Start, demo: Demo, scheme: str) -> None:
    opened = visit(viewport={"width": 320, "height": 800}, color_scheme=scheme)
    opened.page.goto(f"{demo.ehr}/?patient=classic&order=methotrexate&hook=order-sign")
    expect(opened.page.locator("#cards article.card").first).to_be_visible()
    opened.picture(f"narrow-{scheme}")
    assert opened.overflow() == 0
    assert opened.complaints == []


def test_every_patient_opens_with_an_answer(visit: Start, demo: Demo) -> None:
    opened = visit()
    opened.page.goto(demo.ehr)
    links = opened.page.locator("a.lesson").evaluate_all("each => each.map(link => link.href)")
    assert len(links) >= 8
    for link in links:
        opened.page.goto(link)
        expect(opened.page.locator("#cards .event").first).to_contain_text("HTTP 200")
    assert opened.complaints == []


def test_signing_works_by_keyboard(visit: Start, demo: Demo) -> None:
    opened = visit()
    opened.page.goto(f"{demo.ehr}/?patient=classic&order=methotrexate")
    opened.page.locator("#cards article.card").first.wait_for()
    opened.page.get_by_role("button", name="Sign", exact=True).focus()
    opened.page.keyboard.press("Enter")
    expect(opened.page.locator("#cards-heading")).to_be_focused()
    expect(opened.page.locator("#cards .event").first).to_contain_text("Sign", ignore_case=True)
