"""A real Chromium, one page a test, which keeps what the page complained about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import ROOT, Demo


@dataclass
class Visit:
    """A page with its complaints (console errors, refused content) and the hosts that it called."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def picture(self, name: str) -> Path:
        """Keep a screenshot of the whole page for people to look at, in a window so high that nothing scrolls."""
        path = ROOT / "build/screenshots" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        usual = self.page.viewport_size or {"width": 1280, "height": 900}
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({"width": usual["width"], "height": height})
        self.page.screenshot(path=path)
        self.page.set_viewport_size(usual)
        return path

    def window(self, name: str) -> Path:
        """Keep a screenshot of what the window shows."""
        path = ROOT / "build/screenshots" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
        return path

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a browser context with these options (viewport, java_script_enabled, color_scheme)."""
    contexts = []

    def start(**options: object) -> Visit:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))  # type: ignore[arg-type]
        contexts.append(context)
        opened = Visit(context.new_page())
        opened.page.set_default_timeout(15_000)
        opened.page.on("console", lambda line: opened.complaints.append(line.text) if line.type == "error" else None)
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.hosts.add(urlsplit(request.url).netloc))
        return opened

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def ehr_host(demo: Demo) -> str:
    return urlsplit(demo.ehr).netloc
