"""The EHR's style: from its own hosts only, each value checked, readable, and never a colour of severity."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response

from rpild_rules.knowledge import Knowledge
from smart_app.ehr_style import contrast, style_sheet
from tests.smart.launch.conftest import PlugIn, plug_in

GOOD = {"color_background": "#f7f8fa", "color_text": "#1b1f24", "color_highlight": "#1f5fbf"}


@pytest.mark.verifies("APP-44", "W2")
def test_safe_values_become_properties() -> None:
    sizes = {"dim_border_radius": "6px", "dim_font_size": "1rem", "font_family_body": 'system-ui, "Open Sans"'}
    sheet = style_sheet(GOOD | sizes | {"color_error": "#ff0000", "color_success": "#00ff00", "other": "x"})
    assert "--ground: #f7f8fa; --ink: #1b1f24; --accent: #1f5fbf;" in sheet
    assert sheet.startswith("@media (prefers-color-scheme: light)")
    assert "--radius: 6px;" in sheet
    assert "font-size: 16px;" in sheet
    assert 'font-family: system-ui, "Open Sans";' in sheet
    assert "ff0000" not in sheet
    assert "00ff00" not in sheet


@pytest.mark.verifies("APP-44", "W2")
@pytest.mark.parametrize(
    "style",
    [
        {"color_text": "red;} body{display:none"},
        {"color_background": "url(https://evil.example)"},
        {"color_background": "#12345"},
        {"color_text": "#cccccc"},
        {"color_text": "#333333", "color_background": "#222222"},
        {"color_background": "#222222"},
        {"color_highlight": "#ffff00"},
        {"dim_font_size": "200px"},
        {"dim_font_size": "1px"},
        {"dim_font_size": "calc(1px)"},
        {"dim_border_radius": "99px"},
        {"dim_border_radius": "-1px"},
        {"font_family_body": "a;b"},
        {"font_family_body": "a, url(x)"},
        {"font_family_body": "'a\"', serif"},
        {},
    ],
)
def test_values_that_inject_or_fade_are_left_out(style: dict[str, str]) -> None:
    assert style_sheet(style) == ""


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast("#000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#fff"), 2) == 4.54
    assert contrast("#123456", "#123456") == 1


def styled(site: PlugIn, url: str) -> tuple[str, str]:
    """The page's link to a style, and that style."""
    browser, ehr = site.browser(), site.ehrs["north"]
    ehr.token = lambda: ehr.grant(smart_style_url=url)
    path = site.page(browser)
    page, sheet = browser.get(path), browser.get(f"{path}style.css")
    assert sheet.status_code == 200
    assert sheet.headers["Content-Type"].startswith("text/css")
    return page.text, sheet.text


@pytest.mark.verifies("APP-44", "W2")
def test_the_document_is_fetched_by_us_once_and_without_the_token(site: PlugIn) -> None:
    ehr = site.ehrs["north"]
    ehr.documents["style.json"] = Response('{"dim_border_radius": "4px", "x": 5}', content_type="application/json")
    for _ in range(2):
        page, sheet = styled(site, f"{ehr.base}/other/style.json")
        assert "--radius: 4px;" in sheet
        assert "/style.css" in page
        assert ehr.base not in page.split("</head>")[0]
    assert [token for where, token in ehr.read if where.startswith("/other")] == [""]


@pytest.mark.verifies("APP-44", "W2")
def test_a_document_elsewhere_or_odd_is_no_style(site: PlugIn, knowledge: Knowledge) -> None:
    ehr, south = site.ehrs["north"], site.ehrs["south"]
    odd: dict[str, Any] = {
        "huge": Response("[" + "1," * 20_000), "list": Response("[1]"), "html": Response("<b>"),
        "gone": Response(status=404), "moved": Response(status=302, headers={"Location": "/other/list"}),
    }  # fmt: skip
    ehr.documents |= odd
    south.documents["style.json"] = Response('{"dim_border_radius": "4px"}')
    elsewhere = [f"{south.base}/other/style.json", "http://[x", "file:///etc/passwd", ""]
    for url in (*elsewhere, *(f"{ehr.base}/other/{each}" for each in odd)):
        assert styled(site, url)[1] == ""
    assert south.read == []
    with plug_in(knowledge, {"north": {"style_allowed": False}}) as other:
        other.ehrs["north"].documents["s"] = Response('{"dim_border_radius": "4px"}')
        assert styled(other, f"{other.ehrs['north'].base}/other/s")[1] == ""
        assert not [where for where, _ in other.ehrs["north"].read if where.startswith("/other")]
