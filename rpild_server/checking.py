"""`rpild check`: is what this program and this site rely on in order? One row for each thing looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cds_hooks.discovery import services
from fhir_mappings.code_tables import CodeTableError
from fhir_mappings.queries import KEYS, scopes
from fhir_mappings.site_mapping import SiteMappingError, load_site_mapping
from rpild_rules.knowledge import ParameterError, load_knowledge
from rpild_rules.texts import load_texts
from rpild_server.app import wall_clock
from rpild_server.counted import counted
from rpild_server.diagnosis import Level
from rpild_server.example_hosts import REMEDY, example_keys
from rpild_server.map_doubts import doubts
from rpild_server.settings import SettingsError, load_settings
from rpild_server.start_check import start_faults


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, how it stands (only a fault ends with status 1), and the finding in words."""

    level: Level
    what: str
    text: str


def check_all(config: Path | None, site: Path | None, mapping: Path | None = None) -> Iterator[Checked]:
    """Parameters, tables, texts, settings, start, site mapping, one after the other; no fault hides the next."""
    yield _look("parameters", lambda: _parameters(site))
    yield _look("card texts", _texts)
    yield _look("code tables", _codes)
    yield _look("settings", lambda: _settings(config))
    if config is not None:
        yield from _start(config)
        yield from _examples(config)
    if mapping is not None:
        yield _look("site mapping", lambda: _mapping(mapping))
        yield from _doubts(mapping)


def _look(what: str, action: Callable[[], str]) -> Checked:
    try:
        return Checked("ok", what, action())
    except (ParameterError, CodeTableError, SettingsError, SiteMappingError) as problem:
        return Checked("fault", what, str(problem))


def _parameters(site: Path | None) -> str:
    knowledge = load_knowledge(site)
    changes = (
        f"\n      {each.name} = {each.value} instead of {each.default} ({each.author}, {each.date}: {each.reason})"
        for each in knowledge.overrides
    )
    number = counted(len(knowledge.parameters), "parameter")
    return f"{number}, version {knowledge.version}, sha256 {knowledge.sha256[:12]}" + "".join(changes)


def _texts() -> str:
    return f"{len(load_texts().topics)} card topics"


def _codes() -> str:
    return f"{len(KEYS)} searches, {len(scopes())} scopes, {len(services())} services"


def _mapping(path: Path) -> str:
    mapping = load_site_mapping(path)
    return f"{path.name}: {counted(len(mapping.rows), 'row')}, sha256 {mapping.sha256[:12]}"


def _doubts(path: Path) -> Iterator[Checked]:
    """Rows to look at again; a mapping at fault is told elsewhere."""
    try:
        mapping = load_site_mapping(path)
    except SiteMappingError:
        return
    yield from (Checked("warn", "site mapping", each) for each in doubts(mapping, wall_clock().date()))


def _settings(config: Path | None) -> str:
    settings = load_settings(config)
    silent = f"; shown no card: {', '.join(settings.silent_ehrs())}" if settings.silent_ehrs() else ""
    return f"{config or 'defaults'}: {counted(len(settings.ehrs), 'trusted EHR')}{silent}"


def _start(config: Path) -> Iterator[Checked]:
    """What a start would end with; settings that cannot be read are told elsewhere."""
    try:
        faults = list(start_faults(load_settings(config)))
    except SettingsError:
        return
    yield from (Checked("fault", "start", f"{config}: {each}") for each in faults)
    if not faults:
        yield Checked("ok", "start", "`rpild serve` finds no fault here; `rpild doctor` looks beyond this machine too")


def _examples(config: Path) -> Iterator[Checked]:
    """What `rpild init` wrote and nobody has changed yet; settings at fault are told elsewhere."""
    try:
        keys = example_keys(load_settings(config))
    except SettingsError:
        return
    if keys:
        text = f"{config}: {', '.join(keys)} still name hosts of the example that `rpild init` writes. {REMEDY}"
        yield Checked("warn", "settings", text)
