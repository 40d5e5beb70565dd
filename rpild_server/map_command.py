"""`rpild map scan` and `rpild map diff`: how far a site's charts are read, and what a new mapping file would change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson

from fhir_mappings.code_tables import SYSTEMS
from fhir_mappings.coverage import Coverage, Sent, count, proposals
from fhir_mappings.queries import ELEMENTS
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping, load_site_mapping, translate
from fhir_mappings.site_units import is_refused
from rpild_server.app import wall_clock
from rpild_server.assessing import moment
from rpild_server.chart_files import read_charts
from rpild_server.counted import counted
from rpild_server.exit_codes import with_exit_code
from rpild_server.map_changes import Change, changes_of
from rpild_server.map_rows import code_row, unit_row

MOST_UNMAPPED = 40
WIDEST = max(len(table["title"]) for table in ELEMENTS.values())
NOTHING_APPLIED = (
    "# Proposed for review; nothing is applied by itself. Fill in author, date and reason, and remove what is wrong."
)


def scan(charts: Path, mapping: Path | None) -> Coverage:
    """The counts over a file or folder. Raises SiteMappingError and UnreadableFileError."""
    site, coverage = _site(mapping), Coverage()
    for _, mixed in read_charts(charts):
        resources = [resource for _, resource in mixed.entries]
        translate(resources, site)
        count(resources, coverage, site)
        coverage.unreadable += len(mixed.unreadable)
    return coverage


def _site(mapping: Path | None) -> SiteMapping:
    return load_site_mapping(mapping) if mapping else NO_MAPPING


def scan_report(coverage: Coverage) -> str:
    """The counts for people: each data element, what is read for it, units, what is not read, proposed rows."""
    parts = (_totals, _elements, _mapped, _units, _known, _unmapped, _proposed)
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part(coverage)))) + "\n"


def scan_json(coverage: Coverage) -> bytes:
    """The same for programs, complete."""
    return orjson.dumps(
        {
            "resources": dict(coverage.resources),
            "unreadable": coverage.unreadable,
            "elements": {each: {"count": often, "ways": ways} for each, (often, ways) in coverage.by_element().items()},
            "mapped": [_row(*each) for each in coverage.mapped()],
            "known": [_row(*each) for each in coverage.known()],
            "unmapped": [_row(*each) for each in coverage.unmapped()],
            "units": [dataclasses.asdict(unit) | {"count": number} for unit, number in sorted(coverage.units.items())],
            "proposals": [_row(each, number) | {"proposed": name} for each, number, name in proposals(coverage)],
        },
        option=orjson.OPT_INDENT_2,
    )


def _row(sent: Sent, number: int) -> dict[str, Any]:
    return dataclasses.asdict(sent) | {"count": number}


def _totals(coverage: Coverage) -> Iterator[str]:
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(coverage.resources.items()))
    read = sum(number for _, number in coverage.mapped())
    yield f"{counted(coverage.resources.total(), 'resource')}: {kinds or 'none'}"
    unreadable = counted(coverage.unreadable, "entry", "entries")
    yield f"{read} of {coverage.sent.total()} codes are read by a rule; {unreadable} not readable"


def _elements(coverage: Coverage) -> Iterator[str]:
    """What the rules ask for first: an element of which nothing comes leaves their answers unknown."""
    yield "Data elements: how often something was sent that is read, and in how many ways"
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
    system = SYSTEMS.get(sent.system, sent.system) or "(no system)"
    code = f"{system} {sent.code}" if sent.code else "(text only)"
    return f"{sent.kind}  {code}  {sent.text!r}"


def _units(coverage: Coverage) -> Iterator[str]:
    if coverage.units:
        yield "Units of measured values"
    for unit, number in sorted(coverage.units.items()):
        known = "" if unit.known else "  not known: read as unknown (unit)"
        yield f"  {number:>6}  {unit.concept}  {unit.unit or '(none)'}{known}"


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
        yield f"Not in the code tables (most of it concerns other diseases): the {most} most frequent of {len(rows)}"
    for sent, number in rows[:MOST_UNMAPPED]:
        yield f"  {number:>6}  {_shown(sent)}"


def _proposed(coverage: Coverage) -> Iterator[str]:
    found = list(proposals(coverage))
    strange = [unit for unit in sorted(coverage.units) if not (unit.known or is_refused(unit.concept, unit.unit))]
    if found or strange:
        yield NOTHING_APPLIED
    yield from (code_row(*each) for each in found)
    yield from map(unit_row, strange)


def diff(mapping: Path, charts: Path, now: datetime) -> list[Change]:
    """What a mapping file changes on the charts of a file or folder, patient by patient."""
    site = load_site_mapping(mapping)
    known = [(path, patient) for path, mixed in read_charts(charts) for patient in mixed.patients]
    found = (changes_of(path, patient, site, now) for path, patient in known)
    return [change for change in found if change.lines]


def diff_report(changes: list[Change]) -> str:
    """The changes for people."""
    if not changes:
        return "No reading and no assessment changes.\n"
    return (
        "\n".join(f"{each.file} {each.patient}\n" + "\n".join(f"  {line}" for line in each.lines) for each in changes)
        + "\n"
    )


def diff_json(changes: list[Change]) -> bytes:
    """The same for programs."""
    return orjson.dumps([dataclasses.asdict(each) for each in changes], option=orjson.OPT_INDENT_2)


existing = click.Path(exists=True, path_type=Path)
existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("map")
def map_group() -> None:
    """Fit the reading of charts to a site: what it sends, and what a mapping file would change."""


@map_group.command("scan")
@click.argument("charts", type=existing)
@click.option("--mapping", type=existing_file, help="A site mapping in force (TOML, or FHIR ConceptMap or ValueSet).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def scan_command(charts: Path, mapping: Path | None, as_json: bool) -> None:
    """Count the codes, texts and units of CHARTS: FHIR JSON or NDJSON (also .gz), a file or a folder."""
    with_exit_code(lambda: _print_scan(scan(charts, mapping), as_json))


def _print_scan(coverage: Coverage, as_json: bool) -> None:
    click.echo(scan_json(coverage).decode() if as_json else scan_report(coverage), nl=as_json)


@map_group.command("diff")
@click.argument("mapping", type=existing_file)
@click.argument("charts", type=existing)
@click.option("--at", metavar="TIME", help="Evaluate as of this time (ISO 8601); default now.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def diff_command(mapping: Path, charts: Path, at: str | None, as_json: bool) -> None:
    """Show what the site mapping MAPPING would change on CHARTS: readings and assessment, patient by patient."""
    with_exit_code(lambda: _print_diff(diff(mapping, charts, moment(at) if at else wall_clock()), as_json))


def _print_diff(changes: list[Change], as_json: bool) -> None:
    click.echo(diff_json(changes).decode() if as_json else diff_report(changes), nl=as_json)
