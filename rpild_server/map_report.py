"""The report of `rpild map scan`: what a site sends for each data element, what is read, what is not, and what may be
mapped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fhir_mappings.code_tables import SYSTEMS
from fhir_mappings.coverage import Coverage, Sent, SentAnswer, SentUnit
from fhir_mappings.proposing import proposals
from fhir_mappings.queries import ELEMENTS
from fhir_mappings.site_units import is_refused
from rpild_server.counted import counted
from rpild_server.map_rows import answer_row, code_row, unit_row

MOST_UNMAPPED = 40
WIDEST = max(len(table["title"]) for table in ELEMENTS.values())
NOTHING_APPLIED = (
    "# Proposed for review; nothing is applied by itself. Fill in author, date and reason, and remove what is wrong."
)


def scan_report(coverage: Coverage) -> str:
    """The counts for people: each data element, what is read for it, units, what is not read, proposed rows."""
    parts = (_totals, _broken, _elements, _mapped, _units, _answers, _known, _unmapped, _proposed)
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part(coverage)))) + "\n"


def scan_json(coverage: Coverage) -> bytes:
    """The same for programs, complete."""
    return orjson.dumps(
        {
            "resources": dict(coverage.resources),
            "others": dict(coverage.others),
            "unreadable": coverage.unreadable,
            "broken": coverage.broken,
            "elements": {each: {"count": often, "ways": ways} for each, (often, ways) in coverage.by_element().items()},
            "mapped": [_row(*each) for each in coverage.mapped()],
            "known": [_row(*each) for each in coverage.known()],
            "unmapped": [
                _row(each, number) | {"units": coverage.spelled(each)} for each, number in coverage.unmapped()
            ],
            "answers": [dataclasses.asdict(each) | {"count": n} for each, n in sorted(coverage.answers.items())],
            "units": [dataclasses.asdict(unit) | {"count": number} for unit, number in sorted(coverage.units.items())],
            "proposals": [_row(each, number) | {"proposed": name} for each, number, name in proposals(coverage)],
        },
        option=orjson.OPT_INDENT_2,
    )


def _row(sent: Sent, number: int) -> dict[str, Any]:
    return dataclasses.asdict(sent) | {"count": number}


def _totals(coverage: Coverage) -> Iterator[str]:
    yield f"{counted(coverage.resources.total(), 'resource')}: {_kinds(coverage.resources) or 'none'}"
    if coverage.others:
        yield f"{counted(coverage.others.total(), 'resource')} of types that no rule reads: {_kinds(coverage.others)}"
    mapped = coverage.mapped()
    read = sum(number for _, number in mapped)
    yield f"{read} of {counted(coverage.sent.total(), 'entry', 'entries')} have a code or text that a rule reads"
    ways = counted(len(coverage.sent), "different code or text", "different codes and texts")
    yield f"{len(mapped)} of {ways} are read; {counted(coverage.unreadable, 'entry', 'entries')} not readable"


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))


def _broken(coverage: Coverage) -> Iterator[str]:
    """Files that hold nothing readable: left out, never silently."""
    if coverage.broken:
        yield "Left out: files that cannot be read"
    yield from (f"  {each}" for each in coverage.broken)


def _elements(coverage: Coverage) -> Iterator[str]:
    """What the rules ask for first: an element of which nothing comes leaves their answers unknown."""
    yield "Data elements: how often a code or text was sent that is read, and in how many ways"
    for element, (often, ways) in coverage.by_element().items():
        spelt = f" in {ways} way{'s' * (ways > 1)}" if ways else ""
        told = f"{often:>6}{spelt}" if often else f"{'none':>6}"
        yield f"  {element:<9} {ELEMENTS[element]['title']:<{WIDEST}} {told}"


def _mapped(coverage: Coverage) -> Iterator[str]:
    element = ""
    for sent, number in coverage.mapped():
        if sent.element != element:
            element = sent.element
            yield f"{element}: read ({ELEMENTS[element]['title']})"
        yield f"  {number:>6}  {_shown(sent)} -> {', '.join(sent.concepts)}"


def _shown(sent: Sent) -> str:
    code = _code(sent.system, sent.code) if sent.code else "(text only)"
    return f"{sent.kind}  {code}  {sent.text!r}"


def _code(system: str, code: str) -> str:
    return f"{SYSTEMS.get(system, system) or '(no system)'} {code}"


def _units(coverage: Coverage) -> Iterator[str]:
    if coverage.units:
        yield "Units of measured values"
    for unit, number in sorted(coverage.units.items()):
        known = "" if unit.known else f"  not known: read as unknown (unit){_never(unit)}"
        yield f"  {number:>6}  {unit.concept}  {unit.unit or '(none)'}{known}"


def _never(unit: SentUnit) -> str:
    return "; never accepted" if is_refused(unit.concept, unit.unit) else ""


def _answers(coverage: Coverage) -> Iterator[str]:
    """Answers that decide nothing: the test is read, what it says is not."""
    rows = [(each, number) for each, number in sorted(coverage.answers.items()) if not each.known]
    if rows:
        yield "Answers that are not read as positive or negative"
    for each, number in rows:
        yield f"  {number:>6}  {each.concept}  {_answer(each)}  {each.meaning}"


def _answer(each: SentAnswer) -> str:
    return f"{_code(each.system, each.code)}  {each.text!r}" if each.code else repr(each.text or "(no value)")


def _known(coverage: Coverage) -> Iterator[str]:
    rows = coverage.known()
    if rows:
        yield "Known to the code tables, but no rule reads it"
    for sent, number in rows:
        yield f"  {number:>6}  {_shown(sent)} -> {', '.join(sent.concepts)}"


def _unmapped(coverage: Coverage) -> Iterator[str]:
    rows = sorted(coverage.unmapped(), key=lambda row: (-row[1], row[0]))
    if rows:
        most = min(len(rows), MOST_UNMAPPED)
        why = "most of it concerns other things; what may be read is proposed below"
        yield f"Not in the code tables ({why}): the {most} most frequent of {len(rows)}"
    for sent, number in rows[:MOST_UNMAPPED]:
        units = " or ".join(each or "(no unit)" for each in coverage.spelled(sent))
        yield f"  {number:>6}  {_shown(sent)}{f'  in {units}' if units else ''}"


def _proposed(coverage: Coverage) -> Iterator[str]:
    found = list(proposals(coverage))
    strange = [unit for unit in sorted(coverage.units) if not (unit.known or is_refused(unit.concept, unit.unit))]
    answers = [(each, n) for each, n in sorted(coverage.answers.items()) if each.code and not each.known]
    if found or strange or answers:
        yield NOTHING_APPLIED
    yield from (code_row(*each) for each in found)
    yield from (answer_row(*each) for each in answers)
    yield from map(unit_row, strange)
