"""`rpild switch`: the kill switch and silent mode. A scope that does not exist is refused: it would stop nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import select

from ehr_access.registry import HOOKS
from rpild_rules.knowledge import Knowledge
from rpild_server.app import wall_clock
from rpild_server.exit_codes import with_exit_code
from rpild_server.operating import WAIT_SECONDS, configured, knowledge_of, opened, operator
from rpild_server.settings import Settings, SettingsError
from rpild_server.storage.store import Storage
from rpild_server.storage.switches import Scope, State, Switch, set_switch
from rpild_server.storage.tables import decision_records, gate_rows

REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]+")


@click.command()
@click.argument("state", type=click.Choice(["on", "silent", "off"]))
@click.option("--ehr", default="", metavar="NAME", help="Only calls of this EHR.")
@click.option("--hook", default="", metavar="HOOK", help="Only this hook.")
@click.option("--topic", default="", metavar="CODE", help="Only cards of this topic.")
@click.option("--unit", default="", metavar="REFERENCE", help="Only this care unit, as the EHR refers to it.")
@configured
def switch(state: State, ehr: str, hook: str, topic: str, unit: str, config: Path) -> None:
    """Kill switch: `off` stops cards within seconds, `silent` records without showing, `on` takes back the same scope.

    Prints all that is switched off or silent afterwards.
    """
    with_exit_code(lambda: _switch(Switch(Scope(ehr, hook, topic, unit), state), config))


def _switch(wanted: Switch, config: Path) -> None:
    with opened(config) as (settings, storage):
        there = wanted.scope in {each.scope for each in storage.switches.read()}
        faults = [] if there else list(scope_faults(wanted.scope, settings, knowledge_of(settings)))
        if faults:
            raise SettingsError("\n".join((*faults, "Nothing was switched.")))
        now = wall_clock()
        storage.writer.run(lambda batch: set_switch(batch, wanted, operator(), now), WAIT_SECONDS)
        for line in (*_done(wanted, there), *_unseen(wanted.scope.unit, storage), *_in_force(storage.switches.read())):
            click.echo(line)


def scope_faults(scope: Scope, settings: Settings, knowledge: Knowledge) -> Iterator[str]:
    """What of a scope no call can ever have: option, value, and what there is."""
    yield from _unknown("--ehr", scope.ehr, [each.name for each in settings.ehrs])
    yield from _unknown("--hook", scope.hook, sorted(HOOKS))
    yield from _unknown("--topic", scope.topic, sorted(knowledge.texts.topics))
    if scope.unit and not REFERENCE.fullmatch(scope.unit):
        yield f"--unit {scope.unit}: write it as the EHR refers to it, such as Location/12."


def _unknown(option: str, value: str, known: Collection[str]) -> Iterator[str]:
    if value and value not in known:
        yield f"{option} {value}: there is none; write one of {', '.join(known) or 'none'}."


def _done(wanted: Switch, there: bool) -> Iterator[str]:
    if wanted.state == "on" and not there:
        yield f"on: {in_words(wanted.scope)} was not switched by itself"
    else:
        yield f"{wanted.state}: {in_words(wanted.scope)}; every process knows within 5 seconds"


def _unseen(unit: str, storage: Storage) -> Iterator[str]:
    """A unit may be right and new; a misspelt one looks the same."""
    if not unit:
        return
    with storage.engine.connect() as connection:
        queries = (select(table.c.unit).where(table.c.unit == unit).limit(1) for table in (decision_records, gate_rows))
        if not any(connection.execute(query).first() for query in queries):
            yield f"look again: no call on record came from {unit}"


def _in_force(found: Collection[Switch]) -> Iterator[str]:
    if not found:
        yield "in force now: nothing is switched off or silent"
    yield from (f"in force now: {each.state}: {in_words(each.scope)}" for each in found)


def in_words(scope: Scope) -> str:
    """`ehr main, hook order-sign`, or everything."""
    return ", ".join(f"{name} {value}" for name, value in asdict(scope).items() if value) or "everything"
