"""`rpild register-sheet` at the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from ehr_access.registry import VENDORS
from rpild_rules.knowledge import load_knowledge
from rpild_server.exit_codes import with_exit_code
from rpild_server.register_sheet import as_markdown, choose_ehr, make_sheet
from rpild_server.settings import load_settings
from rpild_server.sheet_html import page_of


@click.command("register-sheet")
@click.option("--vendor", type=click.Choice(list(VENDORS)), help="The EHR's product; by default what its record says.")
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The settings file (TOML)."
)
@click.option("--ehr", metavar="NAME", help="Which EHR of the settings, if there are several.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write HTML to a file instead.")
def register_sheet(vendor: str | None, config: Path | None, ehr: str | None, html: Path | None) -> None:
    """Print what an EHR's administrators need to register the plug-in, as Markdown."""

    def run() -> None:
        text = _sheet(vendor, config, ehr)
        if html:
            html.write_text(page_of(text), encoding="utf-8")
        else:
            click.echo(text, nl=False)

    with_exit_code(run)


def _sheet(vendor: str | None, config: Path | None, name: str | None) -> str:
    settings = load_settings(config)
    ehr = choose_ehr(settings, name, vendor)
    if ehr is None:
        known = ", ".join(each.name for each in settings.ehrs) or "none"
        raise click.UsageError(f"--ehr: {name} is not configured (there: {known}).")
    return as_markdown(make_sheet(settings, ehr, vendor or ehr.vendor, load_knowledge(settings.site_file).texts))
