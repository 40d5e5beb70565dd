"""`rpild report` and `rpild admin-password`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from rpild_server.app import wall_clock
from rpild_server.assessing import moment
from rpild_server.exit_codes import with_exit_code
from rpild_server.operating import configured, opened
from rpild_server.passwords import hash_password
from rpild_server.report import GROUPINGS, Asked, as_csv, as_text, make_report, names_of

LATELY = timedelta(weeks=4)


@click.command()
@click.option("--since", metavar="TIME", help="From this time on (ISO 8601); default four weeks ago.")
@click.option("--until", metavar="TIME", help="Up to this time; default now.")
@click.option("--by", type=click.Choice(GROUPINGS), default=GROUPINGS[0], show_default=True, help="Grouping.")
@click.option("--csv", "as_table", is_flag=True, help="For a spreadsheet.")
@configured
def report(since: str | None, until: str | None, by: str, as_table: bool, config: Path) -> None:
    """What became of calls and cards; numbers below 11 are not told."""
    with_exit_code(lambda: _report(since, until, by, as_table, config))


def _report(since: str | None, until: str | None, by: str, as_table: bool, config: Path) -> None:
    end: datetime = moment(until) if until else wall_clock() + timedelta(seconds=1)
    with opened(config) as (settings, storage):
        asked = Asked(moment(since) if since else end - LATELY, end, by, names_of(settings))
        lines = make_report(storage.engine, asked)
    click.echo((as_csv if as_table else as_text)(lines), nl=False)


@click.command("admin-password")
@click.password_option(help="Asked for when it is not given.")
def admin_password(password: str) -> None:
    """Print the setting that opens /admin to a password."""
    click.echo(f'admin_password_hash = "{hash_password(password)}"')
