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

from rpild_rules.texts import Texts
from rpild_server.as_read import AsRead
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

    title: str
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
    chart: AsRead,
    screen: Screen,
    texts: Texts,
) -> str:
    """The whole report as text: names as people read them, behind them the id of the contract where it differs."""
    parts = (
        _head(contract, screen, texts),
        _listed("Read from the chart", chart.read if contract["criteria"] else (), screen),
        *(_section(title, contract, keys, screen, texts) for title, keys in _SECTIONS.items()),
        _cards(tuple(cards), screen),
        _trends(tuple(trends), screen),
        _listed("In the chart, but not readable", chart.unread, screen),
    )
    text = "\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"
    return text if screen.unicode else text.encode("ascii", "replace").decode()


# Title: the field of the contract, and the labels of what stands in it.
_SECTIONS = {
    "Definitions": ("definitions", "definition"),
    "Criteria": ("criteria", "criterion"),
    "Risk flags": ("flags", "flag"),
}
_HEADS = ("flag_name", "input")  # labels of the ids that a sentence may begin with: `ldh400: no result`


def _head(contract: Mapping[str, Any], screen: Screen, texts: Texts) -> Iterator[str]:
    knowledge = contract["knowledge"]
    yield screen.heading(f"RP-ILD assessment at {contract['evaluatedAt']}")
    state = (f"{each}: {texts.label(each, contract[each])}" for each in ("context", "stage"))
    yield f"{', '.join(state)}, knowledge {knowledge['version']} ({knowledge['sha256'][:12]})"
    for each in knowledge.get("overrides", ()):
        signed = f"{each['author']}, {each['date']}: {each['reason']}"
        yield f"site value: {each['name']} {each['value']} instead of {each['default']} ({signed})"
    for finding in contract["findings"] if not contract["criteria"] else ():
        yield from _wrapped(f"{finding['id']}: {finding['because']}", "", screen)


def _section(
    title: str, contract: Mapping[str, Any], keys: tuple[str, str], screen: Screen, texts: Texts
) -> Iterator[str]:
    key, section = keys
    findings = {each["id"]: each for each in contract["findings"]}
    if contract[key]:
        yield from ("", screen.heading(title))
    for name, status in contract[key].items():
        yield from _headed(WORDS[status], status, f"{texts.label(section, name)} [{name}]", screen)
        yield from _why(findings.get(name, {}), screen, texts)


def _headed(word: str, colour: str, title: str, screen: Screen) -> Iterator[str]:
    """A title behind its word; further lines stand below its first."""
    first, *others = _wrapped(title, "", screen)
    yield f"{screen.paint(f'{word:<{STATUS_WIDTH}}', colour)} {first.strip()}"
    yield from others


def _why(finding: Mapping[str, Any], screen: Screen, texts: Texts) -> Iterator[str]:
    missing = finding.get("missing", ())
    told = {each["what"] for each in missing}
    if finding.get("because") and not set(finding["because"].split("; ")) <= told:
        yield from _wrapped(_named(finding["because"], texts), "why: ", screen)
    for each in missing:
        what = f"{_named(each['what'], texts)} ({texts.label('reason', each['reason'])})"
        yield from _wrapped(what, "missing: ", screen)
    if finding.get("evidence"):
        yield from _wrapped(", ".join(finding["evidence"]), "evidence: ", screen)


def _named(sentence: str, texts: Texts) -> str:
    """The sentence with the name in place of the id that it begins with."""
    id, colon, rest = sentence.partition(": ")
    section = next((each for each in _HEADS if id in texts.sections[each]), "")
    return f"{texts.label(section, id)}{colon}{rest}"


def _wrapped(text: str, label: str, screen: Screen) -> list[str]:
    indent = " " * (STATUS_WIDTH + 1)
    clean = "".join(each if each.isprintable() else " " for each in text)
    return textwrap.wrap(label + clean, screen.room, initial_indent=indent, subsequent_indent=indent + " " * len(label))


def _cards(cards: tuple[Shown, ...], screen: Screen) -> Iterator[str]:
    yield from ("", screen.heading("Cards"))
    if not cards:
        yield "none"
    for card in cards:
        yield from _headed(card.indicator, card.indicator, card.title, screen)
        yield from _wrapped(card.summary, "", screen)


def _trends(trends: tuple[Trend, ...], screen: Screen) -> Iterator[str]:
    if trends:
        yield from ("", screen.heading("Trends"))
    for trend in trends:
        yield f"{trend.title} ({trend.unit}), {len(trend.points)} value{'s' if len(trend.points) > 1 else ''}"
        yield from picture(trend, min(screen.room, PICTURE_WIDTH), screen.glyphs)


def _listed(title: str, lines: Iterable[str], screen: Screen) -> Iterator[str]:
    for number, each in enumerate(lines):
        if number == 0:
            yield from ("", screen.heading(title))
        yield from _wrapped(each, "", screen)
