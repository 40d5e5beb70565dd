"""What a clinician does with the mouse or the keyboard in the demo EHR and in the app's frame."""

from __future__ import annotations

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

CARDS = "#cards article.card"
TITLES = f"{CARDS} .topic"


def open_chart(page: Page, ehr: str, patient: str) -> None:
    """Open a chart and wait until decision support has answered."""
    page.goto(f"{ehr}/patients/{patient}")
    expect(page.locator("#cards .event").first).to_contain_text("HTTP 200")


def sign(page: Page, order: str) -> None:
    """Tick an order on the pad, press Sign, and wait for the answer."""
    wanted = f'input[name="order"][value="{order}"]'
    group = page.locator("#order-pad details.group").filter(has=page.locator(wanted))
    if group.get_attribute("open") is None:
        group.locator("summary").click()
    page.locator(f"#order-pad {wanted}").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#cards .event").first).to_contain_text("Orders signed")


def press_again(page: Page) -> None:
    """Sign what is on the pad once more, and wait for the new answer."""
    before = page.locator('input[name="exchange"]').first.get_attribute("value")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator('input[name="exchange"]').first).not_to_have_attribute("value", str(before))


def topics(page: Page) -> list[str]:
    """The topics of the cards that the newest check brought."""
    newest = page.locator("#cards .exchange").first.locator("article.card .topic")
    return [text.lstrip("· ").strip() for text in newest.all_inner_texts()]


def app_of(page: Page) -> FrameLocator:
    """The app's page in its frame, once it has opened."""
    frame = page.frame_locator("iframe.app")
    frame.locator("#main h1").first.wait_for()
    return frame


def attested_form(frame: FrameLocator, code: str) -> Locator:
    """The form of a statement, unfolded."""
    around, place = frame.locator("#attest"), frame.locator(f"#attest-{code}")
    if around.get_attribute("open") is None:
        around.locator("> summary").click()
    if place.get_attribute("open") is None:
        place.locator("summary").click()
    return place.locator("form.stating")


def frame_of(page: Page) -> Frame:
    """The same as `app_of`, as a frame in which scripts can be evaluated."""
    app_of(page)
    return next(each for each in page.frames if each != page.main_frame)


def launch_address(page: Page) -> str:
    """The address that the app's frame was opened with: good once."""
    return str(page.locator("iframe.app").get_attribute("src"))
