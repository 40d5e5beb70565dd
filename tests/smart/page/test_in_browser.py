"""In Chromium: one page on paper for every demo patient, nothing wider than a phone, all of it without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from rpild_server.assets import read_asset
from smart_app.page import no_assets
from smart_app.rendering import STYLES, render_page
from tests.smart.page.pages import MET, demo_page
from tests.smart.page.pages import page as page_of
from tests.smart.pictures.looking import PATIENTS

pytestmark = pytest.mark.browser

STYLE = "\n".join(read_asset(name).decode() for name in STYLES)
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('button, summary, input, select, .parts a')].filter(each => {
  const box = (each.closest('label') || each).getBoundingClientRect();
  return box.width && (box.height < 23.9 || box.width < 23.9);
}).map(each => each.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of all demo patients as files."""
    found = tmp_path_factory.mktemp("pages")
    for name in PATIENTS:
        one = demo_page(name, base="", basis="", csrf="", style=STYLE, asset=no_assets)
        (found / f"{name}.html").write_text(render_page(one), encoding="utf-8")
    return found


def visit(browser: Browser, file: Path, width: int, **options: object) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_summary_is_one_page_of_paper(browser: Browser, folder: Path, patient: str) -> None:
    page = visit(browser, folder / f"{patient}.html", 1280)
    paper = page.pdf(prefer_css_page_size=True)
    page.context.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


@pytest.mark.parametrize("width", [320, 700, 1280])
@pytest.mark.parametrize("patient", ["classic", "ecmo-candidate", "dirty-chart", "rheumatoid-knee"])
def test_nothing_is_wider_than_the_window(browser: Browser, folder: Path, patient: str, width: int) -> None:
    page = visit(browser, folder / f"{patient}.html", width, java_script_enabled=True)
    page.evaluate(OPEN_ALL)
    too_wide, small = page.evaluate(TOO_WIDE), page.evaluate(SMALL)
    page.context.close()
    assert too_wide <= 0
    assert small == []


def test_the_identity_stays_in_view(browser: Browser, folder: Path) -> None:
    for width in (320, 1280):
        page = visit(browser, folder / "classic.html", width)
        page.evaluate("scrollTo(0, 2500)")
        assert page.evaluate("document.querySelector('.identity .name').getBoundingClientRect().top") >= 0
        page.context.close()


def test_a_part_reached_by_its_link_is_not_under_the_header(browser: Browser, folder: Path) -> None:
    page = visit(browser, folder / "classic.html", 1280)
    page.click(".parts a[href='#options']")
    top = page.evaluate("document.getElementById('options').getBoundingClientRect().top")
    header = page.evaluate("document.querySelector('.top').getBoundingClientRect().bottom")
    page.context.close()
    assert header <= top < 200


def test_without_a_script_a_stage_opens_its_basis_and_a_link_its_folded_part(browser: Browser, folder: Path) -> None:
    page = visit(browser, folder / "one-statement.html", 1280, java_script_enabled=False)
    assert not page.locator("#criterion-hrctIncrease").is_visible()
    page.click("#definition-fourConditions ~ .legs a[href='#criterion-hrctIncrease']")
    assert page.locator("#criterion-hrctIncrease").is_visible()
    page.locator("#algorithm > summary").click()
    page.click(".alg-wide a[href='#stage-refractory']")
    assert page.locator("#stage-refractory").is_visible()
    page.context.close()


def test_on_paper_the_pictures_come_on_request_and_on_pages_of_their_own(browser: Browser, folder: Path) -> None:
    """Though they stand folded on the screen, and in the colours of paper."""
    page = visit(browser, folder / "improving.html", 1280, color_scheme="dark", java_script_enabled=False)
    page.locator("#note > summary").click()
    page.get_by_label("When printing, add the pathway and the trends").check()
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) >= 3
    page.emulate_media(media="print")
    assert page.locator(".alg-wide").is_visible()
    assert page.locator("#trend-ferritin svg.tr").is_visible()
    assert not page.locator("#trend-ferritin summary").is_visible()
    assert not page.locator("#options").is_visible()
    line = page.locator(".tr-line").first.evaluate("each => getComputedStyle(each).stroke")
    page.context.close()
    assert line == "rgb(27, 95, 140)", "dark on paper is light on the screen"


def test_the_skip_link_is_the_first_stop(browser: Browser, folder: Path) -> None:
    page = visit(browser, folder / "classic.html", 1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_by_day_and_by_night_the_ground_is_another(browser: Browser, folder: Path, scheme: str) -> None:
    page = visit(browser, folder / "classic.html", 1280, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.context.close()
    assert ground == {"light": "rgb(241, 244, 245)", "dark": "rgb(15, 23, 27)"}[scheme]


HEAVY = (
    *MET, "ferritin 1680 @-1d", "ldh 600 @-1d", "crp 30 @-1d", "lymphocytes-abs 0.3 @-1d", "dlco 15 @-1d",
    "test anti-ro52 positive @-14d", "test anti-jo1 positive @-14d", "pao2 55 @-1h", "fio2 0.9 @-1h", "paco2 60 @-1h",
    "support invasive-ventilation @-5h", "condition pneumonia @-3D", "condition pneumothorax @-3D", "report r1 @-2d",
    "condition heart-failure @-3D", "limit resuscitation @-3d", "body-temp 38.9 @-5h", "drug prednisolone @-9d mg=60",
    "drug tacrolimus @-8d mg=4", "drug cyclophosphamide @-7d mg=40", "drug rituximab @-6d mg=40",
    "stay IMP @-3d reason=dyspnea", "attest treatment-response worsening @-1d",
)  # fmt: skip


def test_much_to_say_is_set_smaller_and_stays_one_page(browser: Browser, tmp_path: Path) -> None:
    lost = {"not_permitted": ("lung function", "microbiology", "medication"), "failed": ("orders", "limits of care")}
    one = page_of(*HEAVY, base="", csrf="", style=STYLE, asset=no_assets, patient=lost)
    file = tmp_path / "heavy.html"
    file.write_text(render_page(one), encoding="utf-8")
    assert "on-paper dense" in file.read_text(encoding="utf-8")
    page = visit(browser, file, 1280)
    paper = page.pdf(prefer_css_page_size=True)
    page.context.close()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
