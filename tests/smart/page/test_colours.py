"""The colours of static/app.css keep the contrast of WCAG AA, by day and by night, on every ground they stand on."""

from __future__ import annotations

import re
from itertools import product

import pytest

from tests.conftest import ROOT

CSS = (ROOT / "static/app.css").read_text(encoding="utf-8")
TEXT, GRAPHIC = 4.5, 3.0
INKS = ("ink", "soft", "accent", "critical", "warning", "info", "met", "notmet", "unknown")
GROUNDS = ("sheet", "raised", "ground")
ON_TINTS = [("critical", "critical-ground"), ("warning", "warning-ground"), ("info", "info-ground"),
    ("unknown", "unknown-ground"), ("ink", "warning-ground"), ("ink", "critical-ground"), ("ink", "info-ground"),
    ("soft", "info-ground"), ("accent-ink", "accent")]  # fmt: skip


def tokens(night: bool) -> dict[str, str]:
    """The custom properties of one theme."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1])) if night else found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_text_can_be_read(night: bool) -> None:
    theme = tokens(night)
    pairs = [*product(INKS, GROUNDS), *ON_TINTS]
    weak = {pair: round(contrast(theme[pair[0]], theme[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < TEXT} == {}


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_signs_and_the_focus_can_be_seen(night: bool) -> None:
    theme = tokens(night)
    signs = ("focus", "series-1", "series-2", "series-3", "series-4")
    weak = {(sign, ground): contrast(theme[sign], theme[ground]) for sign in signs for ground in GROUNDS}
    assert {pair for pair, ratio in weak.items() if ratio < GRAPHIC} == set()


def test_the_measure_can_fail() -> None:
    assert contrast("#777777", "#ffffff") < TEXT < contrast("#767676", "#ffffff")


def test_severity_does_not_rest_on_colour() -> None:
    """Each answer has its own shape: filled, ring, broken ring with a sign."""
    assert ".status.met::before { border-width" in CSS
    assert "border-style: dashed" in CSS
    assert 'content: "?"' in CSS
