"""The page as plain text for the clinician's own note: what stands, what is open, on which data, by which rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill
from typing import TYPE_CHECKING

from rpild_rules.findings import MET, UNKNOWN, Status
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from smart_app.page import Detail, Page

WIDTH = 88


def note_text(page: Page) -> str:
    """The note, wrapped, without a name: it goes into a note that knows its patient."""
    return "\n".join(_lines(page)).strip() + "\n"


def _lines(page: Page) -> Iterator[str]:
    say = page_texts().say
    yield say("note.title", date=page.evaluated)
    yield fill(f"{page.standing.lead} {page.standing.sentence}".strip(), WIDTH)
    if page.detail:
        yield from _detail(page.detail)
        yield from _part("note.cards", [card.summary for card in page.why.cards] or [say("standing.quiet")])
    else:
        yield fill(say("outside.calm"), WIDTH)
    yield from _part("note.unread", _unread(page))
    yield ""
    yield fill(say("note.foot", version=page.why.version, sha=page.why.sha256[:12]), WIDTH)


def _detail(detail: Detail) -> Iterator[str]:
    yield from _part("note.definitions", (f"{d.title}: {_word(d.status)}" for d in detail.definitions))
    asked = (row for row in detail.criteria if "fourConditions" in row.used_by and not row.composite)
    met = [row for row in asked if row.status is MET]
    yield from _part("note.met", (f"{row.name}: {row.because}" for row in met))
    yield from _part("note.then", detail.met_then)
    gaps = [f"{'; '.join(gap.names)}: {gap.what} ({gap.reason})" for gap in detail.gaps if not gap.flag]
    yield from _part("note.unknown", gaps)
    yield from _part("note.flags", (f"{row.name}: {row.words} [{row.cohort}]" for row in detail.flags.met))
    yield from _part("note.missing_work", (item.name for item in detail.workup if item.state == "missing"))
    yield from _part("note.ordered", (f"{i.name} ({i.when})" for i in detail.workup if i.state == "ordered"))


def _unread(page: Page) -> Iterator[str]:
    partial, say = page.partial, page_texts().say
    yield from (f"{each} ({say('partial.not_permitted_short')})" for each in partial.not_permitted)
    yield from (f"{each} ({say('partial.failed_short')})" for each in partial.failed)
    yield from (" ".join(filter(None, (u.reference, u.element, u.printed, f"({u.reason})"))) for u in partial.unread)


def _part(title: str, entries: Iterable[str]) -> Iterator[str]:
    listed = list(entries)
    if listed:
        yield ""
        yield page_texts().say(title)
        yield from (fill(f"- {entry}", WIDTH, subsequent_indent="  ") for entry in listed)


def _word(status: Status) -> str:
    return page_texts().say("status.unknown_long" if status is UNKNOWN else f"status.{status.value}")
