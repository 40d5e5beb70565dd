"""axe-core, as vendored beside this file, run in a page or a frame."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Frame, Page

FOLDER = Path(__file__).parent / "vendor/axe-core"
RUN = """async () => (await axe.run(document, {iframes: false, resultTypes: ['violations']})).violations.flatMap(
  rule => rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`))"""


@cache
def program() -> str:
    return (FOLDER / "axe.min.js").read_text(encoding="utf-8")


def violations(place: Page | Frame) -> list[str]:
    """Each violation by rule, place and what would mend it; nothing of an inner frame."""
    place.evaluate(program())
    return list(place.evaluate(RUN))
