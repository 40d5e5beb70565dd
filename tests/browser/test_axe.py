"""No page of the demo EHR and no page of the app has a violation that axe-core knows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.acting import frame_of, launch_address, open_chart, sign
from tests.browser.axe import FOLDER, violations
from tests.browser.conftest import Visit
from tests.conftest import ROOT, Demo

pytestmark = [pytest.mark.slow, pytest.mark.browser]
Start = Callable[..., Visit]
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
PAGES = ["/", "/tour", "/faults", "/patients/one-statement?tour=2&order=tacrolimus", "/patients/nobody"]
OWN_PAGES = [
    "/smart/basis",
    "/smart/launch",
    "/smart/launch?iss=https://elsewhere.invalid&launch=x",
    "/smart/standalone",
    "/app/none/",
]


@pytest.fixture
def opened(visit: Start, scheme: str) -> Iterator[Visit]:
    return visit(color_scheme=scheme)


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_axe_is_the_file_of_its_package() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert {path.name for path in FOLDER.iterdir()} == {"axe.min.js", "LICENSE", "README.md", "SHA256SUMS"}
    for name in ("axe.min.js", "LICENSE"):
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == sums[name]
    (archive,) = (name for name in sums if name.endswith(".tgz"))
    version = archive.removeprefix("axe-core-").removesuffix(".tgz")
    assert f"axe-core {version}" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_axe_finds_what_is_wrong(visit: Start) -> None:
    page = visit().page
    page.set_content("<html><body><img src='x'><input></body></html>")
    assert {each.split(":")[0] for each in violations(page)} >= {"image-alt", "label", "html-has-lang"}


def test_pages_of_the_demo_ehr(opened: Visit, demo: Demo) -> None:
    for path in PAGES:
        opened.page.goto(demo.ehr + path)
        opened.page.wait_for_load_state("networkidle")
        assert violations(opened.page) == [], path


def test_the_chart_with_cards_and_what_is_behind_them(opened: Visit, demo: Demo) -> None:
    page = opened.page
    open_chart(page, demo.ehr, "classic")
    sign(page, "methotrexate")
    page.evaluate(OPEN_ALL)
    assert violations(page) == []
    page.get_by_role("link", name="Behind this call").first.click()
    expect(page.locator("dialog.drawer h1")).to_be_visible()
    page.evaluate(OPEN_ALL)
    assert violations(page) == []


@pytest.mark.verifies("W5")
@pytest.mark.parametrize("patient", ["classic", "ecmo-candidate", "rheumatoid-knee"])
def test_the_app_in_its_frame(opened: Visit, demo: Demo, patient: str) -> None:
    opened.page.goto(f"{demo.ehr}/patients/{patient}/app")
    frame = frame_of(opened.page)
    assert violations(opened.page) == []
    frame.evaluate(OPEN_ALL)
    assert violations(frame) == []


@pytest.mark.verifies("W5")
def test_pages_of_the_app_without_a_patient(opened: Visit, demo: Demo) -> None:
    for path in OWN_PAGES:
        opened.page.goto(demo.url + path)
        assert opened.page.locator("h1").count() == 1, path
        assert violations(opened.page) == [], path
    opened.page.goto(f"{demo.ehr}/patients/improving/app")
    opened.page.goto(launch_address(opened.page))
    opened.page.goto(f"{demo.ehr}/patients/improving/app")
    frame = frame_of(opened.page)
    frame.get_by_text("End this session").click()
    expect(frame.locator("#main h1")).to_have_text("This page is closed")
    assert violations(frame) == []
