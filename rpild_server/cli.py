"""The command `rpild`. Exit status 0: done, 1: a check found a fault, 2: wrong use or unreadable input."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from rpild_server.app import wall_clock
from rpild_server.assessing import Assessed, assess_file, moment, report_of
from rpild_server.check_ehr.command import check_ehr
from rpild_server.checking import check_all
from rpild_server.client_key_command import client_key
from rpild_server.demo import run_demo, run_demo_self_test
from rpild_server.doctor_command import doctor
from rpild_server.exit_codes import with_exit_code
from rpild_server.html_page import html_of
from rpild_server.initial import write_initial
from rpild_server.knowledge_command import knowledge
from rpild_server.map_command import map_group
from rpild_server.patient_command import patient_calls
from rpild_server.record_commands import COMMANDS
from rpild_server.register_sheet_command import register_sheet
from rpild_server.report_command import admin_password, report
from rpild_server.terminal import screen
from rpild_server.version import APP_VERSION

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file = click.Path(dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(APP_VERSION, message="rpild %(version)s")
def main() -> None:
    """Decision support for anti-MDA5 rapidly progressive interstitial lung disease."""


@main.command()
@click.option(
    "--port",
    default=8090,
    show_default=True,
    type=click.IntRange(1, 65534),
    help="The plug-in's port; the demo EHR takes the next.",
)
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--trust-fhir", multiple=True, metavar="URL", help="A further FHIR base that calls may name; repeatable.")
@click.option("--config", type=existing_file, help="A settings file (TOML) with further EHRs whose calls count.")
@click.option("--client-keys", type=existing_file, help="Sign with the keys of this file; see `rpild client-key`.")
@click.option("--self-test", is_flag=True, help="Ask about every demo patient over HTTP, print a table, and end.")
def demo(
    port: int,
    no_open: bool,
    trust_fhir: tuple[str, ...],
    config: Path | None,
    client_keys: Path | None,
    self_test: bool,
) -> None:
    """Start the plug-in and a demo EHR on this machine, with synthetic patients."""
    if self_test:
        sys.exit(0 if with_exit_code(lambda: run_demo_self_test(port)) else 1)
    with_exit_code(lambda: run_demo(port, trust_fhir, not no_open, config, client_keys))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Write a commented configuration and a file of fresh secrets into a folder."""
    with_exit_code(lambda: click.echo("\n".join(map(str, write_initial(folder, wall_clock().date())))))


@main.command()
@click.option("--config", type=existing_file, required=True, help="The settings file (TOML).")
def serve(config: Path) -> None:
    """Serve registered EHRs: the production stack, behind a proxy that does TLS."""
    from rpild_server.serve import run_service

    with_exit_code(lambda: run_service(config))


@main.command()
@click.argument("file", type=existing_file)
@click.option("--patient", metavar="ID", help="Which patient, if the file holds several.")
@click.option("--at", metavar="TIME", help="Evaluate as of this time (ISO 8601); default now.")
@click.option("--site", type=existing_file, help="A site's parameter overrides (TOML).")
@click.option("--mapping", type=existing_file, help="A site's mapping of local codes (TOML, or a ConceptMap).")
@click.option("--json", "as_json", is_flag=True, help="Print the assessment as JSON.")
@click.option("--html", type=new_file, metavar="OUT", help="Write the page of this patient to a file.")
def assess(
    file: Path,
    patient: str | None,
    at: str | None,
    site: Path | None,
    mapping: Path | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Assess one patient's chart: a FHIR R4 Bundle, a resource, or NDJSON."""

    def run() -> None:
        assessed = assess_file(file, patient, moment(at) if at else wall_clock(), site, mapping)
        if html:
            html.write_text(html_of(assessed, file.read_bytes()), encoding="utf-8")
        else:
            _print(assessed, as_json)

    with_exit_code(run)


def _print(assessed: Assessed, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(assessed.contract, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(report_of(assessed, screen()), nl=False, color=True)


@main.command()
@click.option("--config", type=existing_file, help="A settings file (TOML).")
@click.option("--site", type=existing_file, help="A site's parameter overrides (TOML).")
@click.option("--mapping", type=existing_file, help="A site's mapping of local codes (TOML, or a ConceptMap).")
def check(config: Path | None, site: Path | None, mapping: Path | None) -> None:
    """Check parameters, code tables, texts, settings and site mappings."""
    results = list(check_all(config, site, mapping))
    for each in results:
        click.echo(f"{each.level:5} {each.what}: {each.text}")
    sys.exit(int(any(each.level == "fault" for each in results)))


main.add_command(knowledge)
main.add_command(map_group)
for command in (*COMMANDS, patient_calls, report, admin_password, client_key, doctor, check_ehr, register_sheet):
    main.add_command(command)


if __name__ == "__main__":
    main()
