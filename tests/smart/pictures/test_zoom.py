"""In Chromium, under a policy that allows nothing inline: zoom, reading values, links without scripts, no overflow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from rpild_server.assets import create_assets_blueprint
from tests.conftest import ROOT, free_port
from tests.smart.pictures.looking import demo, pictures_html

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'"
FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pictures</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="/static/logo.svg">
<link rel="stylesheet" href="/static/app.css"><link rel="stylesheet" href="/static/pictures.css"></head>
<body><main>{}</main></body></html>"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Pages with nothing but the pictures of a demo patient, over real HTTP."""
    app, port = Flask(__name__, static_folder=None), free_port()
    app.register_blueprint(create_assets_blueprint())

    @app.get("/<patient>")
    def show(patient: str) -> Response:
        return Response(FRAME.format(pictures_html(*demo(patient))), headers={"Content-Security-Policy": POLICY})

    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()


@dataclass
class Visit:
    """A page, what it complained about, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def start(patient: str, **options: object) -> Visit:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))  # type: ignore[arg-type]
        contexts.append(context)
        seen = Visit(context.new_page())
        seen.page.on("console", lambda line: seen.complaints.append(line.text) if line.type == "error" else None)
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.on("request", lambda request: seen.asked.append(request.url))
        seen.page.goto(f"{site}/{patient}")
        return seen

    yield start
    for context in contexts:
        context.close()


def read(page: Page, id: str) -> str:
    return page.locator(f"#trend-{id} .u-legend").inner_text().strip()


def point(page: Page, id: str, x: float) -> None:
    area = page.locator(f"#trend-{id} .u-over")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] / 2)


def test_values_are_read_and_zoomed_in_all_pictures_at_once(visit: Callable[..., Visit], site: str) -> None:
    seen = visit("kurasawa-k1")
    page = seen.page
    assert not any("uplot" in url for url in seen.asked), "the zoom is loaded only when asked for"
    page.get_by_role("button", name="Zoom and read values").click()
    page.locator("#trend-ferritin .u-over").wait_for()
    assert not page.locator("#trend-ferritin svg.tr").is_visible()
    point(page, "ferritin", 0.97)
    page.wait_for_function("document.querySelector('#trend-ferritin .u-legend').innerText.includes('6813')")
    assert read(page, "ferritin").startswith("6813 ng/mL, 2026-11-23")
    box = page.locator("#trend-ferritin .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + 20, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Everything").click()
    page.get_by_role("button", name="Back to the plain pictures").click()
    assert page.locator("#trend-ferritin svg.tr").is_visible()
    assert seen.complaints == []
    assert {url.startswith(site) for url in seen.asked} == {True}


def test_all_pictures_follow_a_range_by_button(visit: Callable[..., Visit]) -> None:
    page = visit("improving").page
    page.get_by_role("button", name="Zoom and read values").click()
    page.locator("#trend-ferritin .u-over").wait_for()
    oldest = []
    for name in ("One month", "Everything"):
        page.get_by_role("button", name=name).click()
        for id in ("ferritin", "ldh"):
            point(page, id, 0.01)
            page.wait_for_function(f"document.querySelector('#trend-{id} .u-legend').innerText.includes(', 2026')")
            oldest.append(read(page, id).partition(" ")[0])
    assert oldest == ["890", "310", "1940", "436"]


def test_without_the_library_the_still_pictures_stay_and_the_page_says_so(visit: Callable[..., Visit]) -> None:
    page = visit("classic").page
    page.route("**/uPlot*", lambda route: route.abort())
    page.get_by_role("button", name="Zoom and read values").click()
    page.get_by_text("The zoom could not be loaded").wait_for()
    assert page.locator("#trend-ferritin svg.tr").is_visible()


def test_without_scripts_no_button_promises_more(visit: Callable[..., Visit]) -> None:
    page = visit("classic", java_script_enabled=False).page
    assert not page.get_by_role("button", name="Zoom and read values").is_visible()
    page.locator("#trend-ferritin summary").click()
    assert page.locator("#trend-ferritin table").is_visible()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_is_wider_than_the_window_and_one_pathway_shows(visit: Callable[..., Visit], width: int) -> None:
    """Other charts are held to it with the whole page around them."""
    page = visit("classic", viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = [page.locator(f".alg-{name}").is_visible() for name in ("wide", "tall")]
    assert shown == [width > 736, width <= 736]
    narrow = page.locator(".alg-tall text").first if width <= 736 else page.locator(".alg-wide text").first
    scale = page.evaluate("e => e.getScreenCTM().a * parseFloat(getComputedStyle(e).fontSize)", narrow.element_handle())
    assert scale > 9.5, "letters too small to read"
    page.screenshot(path=ROOT / "build/screenshots" / f"pictures-classic-{width}.png", full_page=True)
