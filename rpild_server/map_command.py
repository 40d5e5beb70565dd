"""`rpild map scan` and `rpild map diff`: how far a site's charts are read, and what a new mapping file would change."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import click
import orjson

from fhir_mappings.coverage import Coverage, count
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping, load_site_mapping, translate
from rpild_server.app import wall_clock
from rpild_server.assessing import moment
from rpild_server.chart_files import read_charts
from rpild_server.exit_codes import with_exit_code
from rpild_server.map_changes import Change, changes_of
from rpild_server.map_concepts import concept_list
from rpild_server.map_report import scan_json, scan_report


def scan(charts: Path, mapping: Path | None) -> Coverage:
    """The counts over a file or folder; a file that cannot be read is named beside them.

    Raises SiteMappingError, and UnreadableFileError if no file can be read.
    """
    site, coverage = _site(mapping), Coverage()
    for _, mixed in read_charts(charts, coverage.broken):
        resources = [resource for _, resource in mixed.entries]
        translate(resources, site)
        count(resources, coverage, site)
        coverage.unreadable += len(mixed.unreadable)
        coverage.others.update(mixed.others)
    return coverage


def _site(mapping: Path | None) -> SiteMapping:
    return load_site_mapping(mapping) if mapping else NO_MAPPING


def diff(mapping: Path, charts: Path, now: datetime) -> list[Change]:
    """What a mapping file changes on the charts of a file or folder, patient by patient."""
    site = load_site_mapping(mapping)
    broken: list[str] = []
    known = [(path, patient) for path, mixed in read_charts(charts, broken) for patient in mixed.patients]
    found = (changes_of(path, patient, site, now) for path, patient in known)
    return [*(change for change in found if change.lines), *(Change(*_named(each)) for each in broken)]


def _named(broken: str) -> tuple[str, str, tuple[str, ...]]:
    file, _, problem = broken.partition(": ")
    return file, "", (f"not compared: {problem}",)


def diff_report(changes: list[Change]) -> str:
    """The changes for people."""
    if not changes:
        return "No reading and no assessment changes.\n"
    return (
        "\n".join(
            f"{each.file} {each.patient}".rstrip() + "\n" + "\n".join(f"  {line}" for line in each.lines)
            for each in changes
        )
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


@map_group.command("concepts")
@click.argument("word", default="")
def concepts_command(word: str) -> None:
    """List the names that a row may give as `concept` (those that hold WORD), with canonical unit and example."""
    click.echo(concept_list(word), nl=False)


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
