"""An assessment for people at a terminal: criteria with status, why, evidence and what is missing; trends; cards."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import click

from rpild_server.trends import PLAIN, Glyphs, Trend, picture

COLOURS = {"met": "red", "notMet": "green", "unknown": "yellow", "critical": "red", "warning": "yellow", "info": "blue"}
WORDS = {"met": "met", "notMet": "not met", "unknown": "unknown"}
STATUS_WIDTH, LEAST_WIDTH, MOST_WIDTH, PICTURE_WIDTH = 9, 40, 120, 72


@dataclass(frozen=True, slots=True)
class Screen:
    """How much room there is, whether colour is welcome, and whether the terminal can show more than ASCII."""

    width: int = 80
    colour: bool = False
    unicode: bool = True

    @property
    def room(self) -> int:
        return max(LEAST_WIDTH, min(self.width, MOST_WIDTH))

    @property
    def glyphs(self) -> Glyphs:
        return Glyphs() if self.unicode else PLAIN

    def paint(self, text: str, word: str) -> str:
        return click.style(text, fg=COLOURS[word], bold=True) if self.colour and word in COLOURS else text

    def heading(self, text: str) -> str:
        return click.style(text, bold=True) if self.colour else text


class Shown(NamedTuple):
    """A card as far as a terminal tells it."""

    topic: str
    indicator: str
    summary: str


def screen() -> Screen:
    """The terminal as it is; NO_COLOR is honoured, and a pipe gets no colour."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return Screen(shutil.get_terminal_size().columns, colour, encoding.startswith("utf"))


def render(
    contract: Mapping[str, Any],
    cards: Iterable[Shown],
    trends: Iterable[Trend],
    unread: Iterable[str],
    screen: Screen,
) -> str:
    """The whole report as text."""
    parts = (
        _head(contract, screen),
        *(_section(title, contract, key, screen) for title, key in _SECTIONS),
        _cards(tuple(cards), screen),
        _trends(tuple(trends), screen),
        _unread(tuple(unread), screen),
    )
    text = "\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"
    return text if screen.unicode else text.encode("ascii", "replace").decode()


_SECTIONS = (("Definitions", "definitions"), ("Criteria", "criteria"), ("Risk flags", "flags"))


def _head(contract: Mapping[str, Any], screen: Screen) -> Iterator[str]:
    knowledge = contract["knowledge"]
    yield screen.heading(f"RP-ILD assessment at {contract['evaluatedAt']}")
    state = f"context {contract['context']}, stage {contract['stage']}"
    yield f"{state}, knowledge {knowledge['version']} ({knowledge['sha256'][:12]})"
    for each in knowledge.get("overrides", ()):
        signed = f"{each['author']}, {each['date']}: {each['reason']}"
        yield f"site value: {each['name']} {each['value']} instead of {each['default']} ({signed})"
    for finding in contract["findings"] if not contract["criteria"] else ():
        yield from _wrapped(f"{finding['id']}: {finding['because']}", "", screen)


def _section(title: str, contract: Mapping[str, Any], key: str, screen: Screen) -> Iterator[str]:
    findings = {each["id"]: each for each in contract["findings"]}
    if contract[key]:
        yield from ("", screen.heading(title))
    for name, status in contract[key].items():
        yield f"{screen.paint(f'{WORDS[status]:<{STATUS_WIDTH}}', status)} {name}"
        yield from _why(findings.get(name, {}), screen)


def _why(finding: Mapping[str, Any], screen: Screen) -> Iterator[str]:
    missing = finding.get("missing", ())
    told = {each["what"] for each in missing}
    if finding.get("because") and not set(finding["because"].split("; ")) <= told:
        yield from _wrapped(finding["because"], "why: ", screen)
    for each in missing:
        yield from _wrapped(f"{each['what']} ({each['reason']})", "missing: ", screen)
    if finding.get("evidence"):
        yield from _wrapped(", ".join(finding["evidence"]), "evidence: ", screen)


def _wrapped(text: str, label: str, screen: Screen) -> list[str]:
    indent = " " * (STATUS_WIDTH + 1)
    clean = "".join(each if each.isprintable() else " " for each in text)
    return textwrap.wrap(label + clean, screen.room, initial_indent=indent, subsequent_indent=indent + " " * len(label))


def _cards(cards: tuple[Shown, ...], screen: Screen) -> Iterator[str]:
    yield from ("", screen.heading("Cards"))
    if not cards:
        yield "none"
    for card in cards:
        yield f"{screen.paint(f'{card.indicator:<{STATUS_WIDTH}}', card.indicator)} {card.topic}"
        yield from _wrapped(card.summary, "", screen)


def _trends(trends: tuple[Trend, ...], screen: Screen) -> Iterator[str]:
    if trends:
        yield from ("", screen.heading("Trends"))
    for trend in trends:
        yield f"{trend.title} ({trend.unit}), {len(trend.points)} value{'s' if len(trend.points) > 1 else ''}"
        yield from picture(trend, min(screen.room, PICTURE_WIDTH), screen.glyphs)


def _unread(unread: tuple[str, ...], screen: Screen) -> Iterator[str]:
    if unread:
        yield from ("", screen.heading("In the chart, but not readable"))
    for each in unread:
        yield from _wrapped(each, "", screen)
