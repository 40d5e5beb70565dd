"""A site's own values, read from its TOML file: each with author, reason and date, reported beside the shipped one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rpild_rules.parameter import Parameter, read_value
from rpild_rules.strict_toml import Place, day_at, read_file, table_at, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Override:
    """One value that a site has changed, as printed, with who, why and when."""

    name: str
    value: str
    default: str
    author: str
    reason: str
    date: date


def with_overrides(site: Path, defaults: Mapping[str, Parameter]) -> tuple[tuple[Override, ...], dict[str, Parameter]]:
    """The overrides of a site's file by name, and all parameters with them applied; ParameterError tells a fault."""
    file = table_at(Place(site.name, "file"), read_file(site), (), ("override",))
    place, given = Place(site.name, "override"), file.get("override", {})
    if not isinstance(given, dict):
        place.refuse("is not a table", "Write [override.<name>] for each parameter.")
    read = [_override(place.at(name), name, given[name], defaults) for name in sorted(given)]
    changed = {parameter.name: parameter for _, parameter in read}
    return tuple(override for override, _ in read), {**defaults, **changed}


def _override(place: Place, name: str, raw: object, defaults: Mapping[str, Parameter]) -> tuple[Override, Parameter]:
    if name not in defaults:
        place.refuse("no such parameter", "Use a name of rpild_rules/parameters.")
    default = defaults[name]
    table = table_at(place, raw, ("value", "author", "reason", "date"))
    value = read_value(place, table["value"], default.unit, default.choices, isinstance(default.value, tuple))
    author, reason = text_at(place, table, "author"), text_at(place, table, "reason")
    parameter = default.changed(value)
    return Override(name, parameter.printed, default.printed, author, reason, day_at(place, table, "date")), parameter
