"""Commands on what was recorded: replay, audit log, retention, erasure of a patient."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click
import orjson

from fhir_mappings.audit_events import audit_event
from rpild_server.app import wall_clock
from rpild_server.assessing import moment
from rpild_server.counted import counted
from rpild_server.exit_codes import with_exit_code
from rpild_server.operating import WAIT_SECONDS, configured, knowledge_of, opened, operator
from rpild_server.patient_command import issuer_of
from rpild_server.replaying import replay
from rpild_server.retelling import told
from rpild_server.storage.audit import Entry, Event, entries
from rpild_server.storage.heads import export_head, read_exported
from rpild_server.storage.retention import apply_retention, erase_patient, sweep_journal
from rpild_server.storage.store import Storage
from rpild_server.storage.times import stamp
from rpild_server.switch_command import switch
from rpild_server.terminal import screen
from rpild_server.verifying import verify_all

MEMORY_SPAN = timedelta(days=366)  # far beyond any time for which a card may be silent
MOST_FAULTS = 50  # that are printed one by one
folder_type = click.Path(file_okay=False, path_type=Path)


@click.command("replay")
@click.argument("id")
@click.option("--why", is_flag=True, help="Print the recorded assessment in place of the answer: who, why, from what.")
@configured
def replay_command(id: str, why: bool, config: Path) -> None:
    """Decide a recorded call once more; prints the stored answer, exit status 1 if it does not come again."""
    with_exit_code(lambda: _replay(id, why, config))


def _replay(id: str, why: bool, config: Path) -> None:
    with opened(config) as (settings, storage):
        storage.audit(Event(wall_clock(), "replay", operator(), {"record": id}), wait=True)
        knowledge = knowledge_of(settings)
        found = replay(storage, id, knowledge)
    click.echo(told(found, knowledge, screen()) if why else found.stored.decode(), color=True)
    click.echo(found.fault or "The same bytes come again.", err=True)
    if found.fault:
        sys.exit(1)


@click.group()
def audit() -> None:
    """Verify or export the audit log."""


@audit.command("verify")
@click.option("--heads", type=folder_type, help="Folder with heads exported before.")
@configured
def verify_command(heads: Path | None, config: Path) -> None:
    """Check the log's hash chain and all it vouches for; names what is bad, exit status 1."""
    with_exit_code(lambda: _verify(heads, config))


def _verify(heads: Path | None, config: Path) -> None:
    with opened(config) as (_, storage):
        verdict, checked = verify_all(storage, read_exported(heads, storage.keyring) if heads else {})
    click.echo(f"audit log: {verdict.rows} good rows" + (f"; {verdict.fault}" if verdict.fault else ""))
    if verdict.good:
        bad = f"; {counted(len(checked.faults), 'fault')}:" if checked.faults else ""
        click.echo(f"records: {checked.good} good{bad}")
        for fault in checked.faults[:MOST_FAULTS]:
            click.echo(f"  {fault}")
    if len(checked.faults) > MOST_FAULTS:
        click.echo(f"  and {len(checked.faults) - MOST_FAULTS} more")
    if verdict.fault or checked.faults:
        sys.exit(1)


@audit.command("export")
@click.option("--since", metavar="TIME", help="From this time on (ISO 8601); default all.")
@configured
def export_command(since: str | None, config: Path) -> None:
    """Print the audit log as AuditEvents (FHIR R4B), one a line."""
    with_exit_code(lambda: _export(moment(since) if since else None, config))


def _export(since: datetime | None, config: Path) -> None:
    with opened(config) as (_, storage):
        for line in audit_lines(storage, since):
            click.echo(line)


def audit_lines(storage: Storage, since: datetime | None = None) -> Iterator[bytes]:
    """The entries of the log as NDJSON."""
    border = stamp(since) if since else ""
    yield from (_line(each) for each in entries(storage.engine) if each.time >= border)


def _line(entry: Entry) -> bytes:
    what = orjson.loads(entry.what)
    return orjson.dumps(audit_event(entry.seq, entry.time, entry.kind, entry.who, what, entry.hash))


@audit.command("head")
@click.argument("folder", type=folder_type)
@configured
def head_command(folder: Path, config: Path) -> None:
    """Write the day's signed head of the log into a folder, best on another disk."""
    with_exit_code(lambda: _head(folder, config))


def _head(folder: Path, config: Path) -> None:
    with opened(config) as (_, storage):
        written = export_head(storage.engine, storage.keyring, folder, wall_clock())
    click.echo(written or "nothing to write: the log is empty, or the day's head is there")


@click.command()
@configured
def retention(config: Path) -> None:
    """Remove the content of records older than `retention_days`; for a daily timer."""
    with_exit_code(lambda: _retain(config))


def _retain(config: Path) -> None:
    with opened(config) as (settings, storage):
        now, days = wall_clock(), settings.retention_days
        count = storage.writer.run(lambda batch: apply_retention(batch, days, now), WAIT_SECONDS)
        for memory in (storage.alerts, storage.views):
            memory.purge(now - MEMORY_SPAN)
        sweep_journal(storage.engine)
    click.echo(f"content removed from {counted(count, 'record')} older than {counted(days, 'day')}")


@click.command("erase-patient")
@click.argument("ehr")
@click.argument("patient")
@configured
def erase_command(ehr: str, patient: str, config: Path) -> None:
    """Remove all content about one patient: the name of the EHR's record (or its issuer), the patient's id there."""
    with_exit_code(lambda: _erase(ehr, patient, config))


def _erase(ehr: str, patient: str, config: Path) -> None:
    with opened(config) as (settings, storage):
        now = wall_clock()
        who = storage.keyring.pseudonym(issuer_of(settings, ehr), patient.removeprefix("Patient/"))
        count = storage.writer.run(lambda batch: erase_patient(batch, who, operator(), now), WAIT_SECONDS)
        remembered = storage.alerts.forget(who)
        for engine in (storage.engine, storage.memory_engine):
            sweep_journal(engine)
    click.echo(f"content removed from {counted(count, 'record')} and {counted(remembered, 'remembered card')}")
    if not count:
        nobody = f"No record with content is about this patient of {ehr}: look whether EHR and id are right."
        click.echo(nobody, err=True)


COMMANDS = (replay_command, audit, switch, retention, erase_command)
