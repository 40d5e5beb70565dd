"""An examination for people at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rpild_server.check_ehr.examination import Examined
from rpild_server.check_ehr.findings import Finding
from rpild_server.check_ehr.summary import (
    ElementRow,
    code_rows,
    element_rows,
    mapping_of,
    record_of,
    search_rows,
    unit_rows,
)
from rpild_server.counted import counted
from rpild_server.terminal import Screen

BAR = 12
MOST_CODES = 30
INDENT = " " * 6
LEVELS = {"ok": "notMet", "warn": "unknown", "fault": "met"}  # their colours: green, yellow, red


def report_text(found: Examined, screen: Screen) -> str:
    """The whole report; ends with what to paste."""
    parts = (_findings, _elements, _searches, _units, _unknown, _paste)
    text = "\n\n".join("\n".join(lines) for part in parts if (lines := list(part(found, screen)))) + "\n"
    return text if screen.unicode else text.encode("ascii", "replace").decode()


def _findings(found: Examined, screen: Screen) -> Iterator[str]:
    yield screen.heading(f"{found.asked.base}, {counted(found.patients, 'patient')}, {found.at.isoformat()}")
    for each in found.findings:
        yield from _finding(each, screen)


def _finding(each: Finding, screen: Screen) -> Iterator[str]:
    word = screen.paint(f"{each.level:5}", LEVELS[each.level])
    lines = textwrap.wrap(f"{each.part}: {_plain(each.text)}", screen.room - len(INDENT), break_long_words=False)
    yield f"{word} {lines[0]}"
    yield from (INDENT + line for line in lines[1:])
    if each.level == "ok":
        return
    yield from textwrap.wrap(each.remedy, screen.room, initial_indent=INDENT, subsequent_indent=INDENT)
    if each.setting:
        yield f"{INDENT}setting: {each.setting}"


def _elements(found: Examined, screen: Screen) -> Iterator[str]:
    if found.patients:
        yield screen.heading("Data elements: patients who have it, entries, age of the newest in days")
        yield from (_bar(each, found.patients, screen) for each in element_rows(found))


def _bar(row: ElementRow, patients: int, screen: Screen) -> str:
    full = round(BAR * row.patients / patients)
    bar = ("█" if screen.unicode else "#") * full + ("░" if screen.unicode else ".") * (BAR - full)
    newest = f", {row.newest} d" if row.newest is not None else ""
    return f"  {row.name:<9} {bar} {row.patients:>3}/{patients:<3} {row.entries:>6}{newest:<9} {row.title}"


def _searches(found: Examined, screen: Screen) -> Iterator[str]:
    if found.searches:
        yield screen.heading(
            "Searches: accepted and filled for how many patients, entries, pages, ms (median, slowest)"
        )
    for row in search_rows(found):
        yield (
            f"  {row.key:<25} {row.accepted:>3}/{found.patients:<3} {row.filled:>3}/{found.patients:<3} "
            f"{row.entries:>6} {row.pages:>3} {row.median_ms:>8.0f} {row.slowest_ms:>8.0f}"
        )


def _units(found: Examined, screen: Screen) -> Iterator[str]:
    rows = unit_rows(found)
    if rows:
        yield screen.heading("Units of measured values")
    for concept, unit, known, number in rows:
        yield f"  {number:>6}  {concept}  {_plain(unit) or '(none)'}{'' if known else '  not known'}"


def _unknown(found: Examined, screen: Screen) -> Iterator[str]:
    rows = [each for each in code_rows(found) if not each.read_as]
    if rows:
        some = f"the {MOST_CODES} most frequent of {len(rows)}, all with --json or --html"
        told = some if len(rows) > MOST_CODES else counted(len(rows), "code")
        yield screen.heading(f"Codes the plug-in does not know (most need nothing: other diseases): {told}")
    for row in rows[:MOST_CODES]:
        yield f"  {row.count:>6}  {row.kind}  {_plain(f'{row.system} {row.code}') or '(text only)'}  {_plain(row.text)}"


def _paste(found: Examined, screen: Screen) -> Iterator[str]:
    yield screen.heading("For the settings file (complete it: see `rpild register-sheet` and docs/registering.md)")
    yield record_of(found)
    rows = mapping_of(found)
    if rows:
        yield screen.heading("For the site mapping: proposed only; fill in author, date and reason")
        yield rows


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in text).strip()
