"""The EHR's colours, sizes and fonts for our page: each value checked, too little contrast left out, never severity.

Of the eleven properties of SMART the page takes background, text and highlight colour, radius, font size and fonts;
error and success colours would recolour what a clinician must recognise, and are left aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
LENGTH = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)(px|rem|em|pt)")
FONT = re.compile(r"[A-Za-z][A-Za-z0-9 -]{0,40}|\"[A-Za-z][A-Za-z0-9 -]{0,40}\"|'[A-Za-z][A-Za-z0-9 -]{0,40}'")
READABLE = 4.5  # WCAG 2.2 AA for text
WHITE = "#ffffff"
PIXELS = {"px": 1.0, "rem": 16.0, "em": 16.0, "pt": 4 / 3}
SMALLEST_TEXT, LARGEST_TEXT = 12.0, 24.0
LARGEST_RADIUS = 24.0
WEIGHTS = (0.2126, 0.7152, 0.0722)  # of red, green, blue in the luminance of sRGB


def style_sheet(style: Mapping[str, str]) -> str:
    """The rules for the page on a screen; empty when nothing of the document can be used. Paper has its own sizes."""
    colours, others = "".join(_colours(style)), "".join(_others(style))
    light = f"@media (prefers-color-scheme: light) {{ :root {{ {colours}}} }}\n" if colours else ""
    return light + (f"@media screen {{ :root {{ {others}}} }}\n" if others else "")


def _colours(style: Mapping[str, str]) -> Iterator[str]:
    """Only a set that can be read on our white sheets and on the EHR's own ground."""
    ground, text, highlight = (
        value if COLOUR.fullmatch(value := style.get(f"color_{name}", "").strip()) else ""
        for name in ("background", "text", "highlight")
    )
    beneath = [WHITE, *([ground] if ground else [])]
    if text and not _reads_on(text, beneath):
        return
    if ground and not text and not _reads_on("#14242c", [ground]):
        return
    names = {"--ground": ground, "--ink": text, "--accent": highlight if _reads_on(highlight, beneath) else ""}
    yield from (f"{name}: {value}; " for name, value in names.items() if value)


def _reads_on(colour: str, beneath: list[str]) -> bool:
    return bool(colour) and all(contrast(colour, each) >= READABLE for each in beneath)


def _others(style: Mapping[str, str]) -> Iterator[str]:
    radius = _pixels(style.get("dim_border_radius", ""))
    if radius is not None and radius <= LARGEST_RADIUS:
        yield f"--radius: {radius:g}px; "
    size = _pixels(style.get("dim_font_size", ""))
    if size is not None and SMALLEST_TEXT <= size <= LARGEST_TEXT:
        yield f"font-size: {size:g}px; "
    body = _fonts(style.get("font_family_body", ""))
    if body:
        yield f"font-family: {body}; "


def _pixels(text: str) -> float | None:
    found = LENGTH.fullmatch(text.strip())
    return float(found[1]) * PIXELS[found[2]] if found else None


def _fonts(text: str) -> str:
    """A list of plain names; empty if one of them is anything else."""
    names = [each.strip() for each in text.split(",")]
    return ", ".join(names) if all(FONT.fullmatch(each) for each in names) else ""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it: 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > len("#fff") else "".join(2 * each for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip(WEIGHTS, linear, strict=True))
