"""`rpild check-ehr` at the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from ehr_access.client_keys import ClientKeys, load_client_keys
from ehr_access.smart_client import SmartClient, plain_base
from fhir_mappings.site_mapping import NO_MAPPING, load_site_mapping
from rpild_server.app import wall_clock
from rpild_server.check_ehr.examination import Asked, Examined, examine
from rpild_server.check_ehr.findings import exit_status
from rpild_server.check_ehr.registered import ask_registered, find_ehr
from rpild_server.check_ehr.report_html import report_html
from rpild_server.check_ehr.report_json import report_json
from rpild_server.check_ehr.report_text import report_text
from rpild_server.check_ehr.smart import configuration_hosts
from rpild_server.exit_codes import with_exit_code
from rpild_server.settings import load_settings
from rpild_server.terminal import Screen

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("check-ehr")
@click.option("--fhir", metavar="URL", help="The FHIR R4 base address.")
@click.option("--config", type=existing_file, help="Or the settings file (TOML) in which the EHR is registered.")
@click.option("--ehr", metavar="NAME", help="Which EHR of the settings, if there are several.")
@click.option("--iss", metavar="URL", help="What launches name, where that is not the FHIR base.")
@click.option("--token", envvar="RPILD_CHECK_TOKEN", help="An access token; better in RPILD_CHECK_TOKEN.")
@click.option("--client", metavar="ID", help="Our client id for Backend Services; needs --client-keys.")
@click.option("--client-keys", type=existing_file, help="The file of our keys; see `rpild client-key`.")
@click.option("--algorithm", type=click.Choice(["ES384", "RS384"]), default="ES384", show_default=True)
@click.option("--patient", "patients", multiple=True, metavar="ID", help="A patient to look at; repeatable.")
@click.option("--patients", "most", default=5, show_default=True, type=click.IntRange(1, 200), help="Else how many.")
@click.option("--mapping", type=existing_file, help="The site's mapping of local codes in force.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a report with pictures, too.")
def check_ehr(
    as_json: bool, html: Path | None, fhir: str | None, config: Path | None, ehr: str | None, **given: Any
) -> None:
    """Look at an EHR as the plug-in would: configuration, searches, data, speed. Reads only; exit 1 on a fault."""
    if bool(fhir) == bool(config):
        raise click.UsageError("Give either --fhir, or --config with the EHR's record.")

    def run() -> None:
        found = _followed(_asked(fhir, **given) if fhir else _registered(config, ehr, **given))
        if html:
            html.write_text(report_html(found), encoding="utf-8")
        click.echo(report_json(found).decode() if as_json else report_text(found, _screen()), nl=as_json)
        sys.exit(exit_status(found.findings))

    with_exit_code(run)


def _asked(
    fhir: str, iss: str | None, token: str | None, client: str | None, client_keys: Path | None, algorithm: Any,
    patients: tuple[str, ...], most: int, mapping: Path | None,
) -> Asked:  # fmt: skip
    """What the options ask for; wrong use and unreadable files end the command."""
    base = _address(fhir, "--fhir")
    place = _address(iss, "--iss") if iss else base
    if bool(client) != bool(client_keys):
        raise click.UsageError("--client and --client-keys belong together: the id, and the keys that sign for it.")
    if client and token:
        raise click.UsageError("Give either --token or --client.")
    return Asked(
        base,
        place,
        token=token or "",
        client=_client(client, algorithm, place) if client else None,
        keys=load_client_keys(client_keys) if client_keys else ClientKeys(),
        patients=patients,
        most=most,
        site=load_site_mapping(mapping) if mapping else NO_MAPPING,
    )


def _registered(
    config: Path | None, ehr: str | None, token: str | None, patients: tuple[str, ...], most: int, **further: Any
) -> Asked:
    """What the record of an EHR asks for; an option that it has a setting for is not taken beside it."""
    given = [name for name in ("iss", "client", "client_keys", "mapping") if further[name]]
    if given:
        raise click.UsageError(f"--{given[0].replace('_', '-')} does not go with --config: the record has it.")
    settings = load_settings(config)
    return ask_registered(settings, find_ehr(settings, ehr), token or "", patients, most)


def _client(id: str, algorithm: Any, place: str) -> SmartClient:
    """Our registration for this examination; endpoints may lie where the configuration says, which is reported."""
    return SmartClient(id, algorithm=algorithm, hosts=configuration_hosts(place), backend_services=True)


def _address(text: str, option: str) -> str:
    if plain_base(text) is None:
        raise click.UsageError(f"{option}: {text!r} is no http(s) address without user, query and fragment.")
    return text.rstrip("/")


def _followed(asked: Asked) -> Examined:
    """The examination, with a progress bar where somebody looks."""
    with click.progressbar(length=asked.steps, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        return examine(asked, wall_clock(), lambda: bar.update(1))


def _screen() -> Screen:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Screen(
        shutil.get_terminal_size().columns, colour, (sys.stdout.encoding or "ascii").lower().startswith("utf")
    )
