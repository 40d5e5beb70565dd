"""`rpild doctor` at the terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from rpild_server.app import wall_clock
from rpild_server.diagnosis import Row
from rpild_server.doctor import diagnose, worst

COLOURS = {"ok": "green", "warn": "yellow", "fault": "red"}


@click.command()
@click.option(
    "--config",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file (TOML).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def doctor(config: Path, as_json: bool) -> None:
    """Look at settings, storage, secrets, service and EHRs; exit status 1 if something is wrong."""
    rows = []
    for row in diagnose(config, wall_clock()):
        rows.append(row)
        if not as_json:
            _print(row)
    if as_json:
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
    sys.exit(worst(rows))


def _print(row: Row) -> None:
    click.echo(f"{click.style(f'{row.level:5}', fg=COLOURS[row.level])} {row.what}: {row.text}")
    if row.remedy and row.level != "ok":
        click.echo(f"      {row.remedy}")
