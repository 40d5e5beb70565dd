"""`rpild patient-calls`: from a patient and a day to what was decided and shown, and to the records to replay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cds_hooks.client_auth import identity
from rpild_server.app import wall_clock
from rpild_server.assessing import moment
from rpild_server.exit_codes import with_exit_code
from rpild_server.operating import configured, knowledge_of, opened, operator
from rpild_server.patient_history import Asked, history_of, lines
from rpild_server.settings import Settings, SettingsError
from rpild_server.storage.audit import Event

LATELY = timedelta(weeks=4)


@click.command("patient-calls")
@click.argument("ehr")
@click.argument("patient")
@click.option("--since", metavar="TIME", help="From this time on, in the site's zone; default four weeks ago.")
@click.option("--until", metavar="TIME", help="Up to this time; default now.")
@click.option("--user", metavar="REFERENCE", help="Mark the calls of this user (Practitioner/ID, as the EHR names it).")
@configured
def patient_calls(ehr: str, patient: str, since: str | None, until: str | None, user: str | None, config: Path) -> None:
    """List the calls about one patient: the name of the EHR's record, the patient's id there. The look is audited."""
    with_exit_code(lambda: _print(ehr, patient, since, until, user, config))


def _print(name: str, patient: str, since: str | None, until: str | None, user: str | None, config: Path) -> None:
    with opened(config) as (settings, storage):
        iss, zone, key = issuer_of(settings, name), ZoneInfo(settings.site_timezone), storage.keyring
        end = moment(until, zone) if until else wall_clock() + timedelta(seconds=1)
        start = moment(since, zone) if since else end - LATELY
        who = key.pseudonym(iss, patient.removeprefix("Patient/"))
        storage.audit(Event(wall_clock(), "patient-calls", operator(), {"ehr": name, "patient": who}), wait=True)
        found = history_of(storage.engine, Asked(iss, name, who, start, end))
        marked = key.pseudonym(iss, user) if user else ""
        for line in lines(found, zone, knowledge_of(settings), marked):
            click.echo(line)


def issuer_of(settings: Settings, name: str) -> str:
    """What stands for an EHR in records, from its name, or an issuer as it is; raises SettingsError naming the EHRs."""
    found = settings.registry().find(name)
    if found is None and "://" not in name:
        known = ", ".join(each.name for each in settings.ehrs)
        raise SettingsError(f"No EHR is named {name}; write one of {known}, or the issuer of its calls.")
    return identity(found) if found else name
