"""The clinical knowledge in force: signed parameters, their sources, and a site's overrides, loaded from TOML files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rpild_rules.overrides import Override, with_overrides
from rpild_rules.parameter import Parameter, read_parameter
from rpild_rules.references import Reference, read_references
from rpild_rules.strict_toml import ParameterError, Place, read_file, table_at, text_at, texts_at
from rpild_rules.tables import FOLDER, Tables, load_tables, plain, read_tables
from rpild_rules.texts import Texts, Topic, load_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rpild_rules.when import Window

__all__ = ["Knowledge", "Override", "Parameter", "ParameterError", "Reference", "Texts", "Topic", "load_knowledge"]

SHIPPED = Path(__file__).parent
HEADER, TEXTS = "knowledge.toml", "card_texts.toml"
TABLES = "rpild_rules/parameters"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the rules read beside the chart. `sha256` is of the shipped content; overrides are told apart from it.

    The typed accessors raise ParameterError when a rule asks for a name, or a type, that no file holds.
    """

    version: str
    sha256: str
    overrides: tuple[Override, ...]
    parameters: Mapping[str, Parameter]
    references: Mapping[str, Reference]
    texts: Texts
    tables: Tables

    def parameter(self, name: str) -> Parameter:
        """The whole signed entry."""
        if name not in self.parameters:
            raise ParameterError(TABLES, name, "no such parameter", "Add it, signed, to a file there.")
        return self.parameters[name]

    def number(self, name: str) -> Decimal:
        """One exact number, in the parameter's unit."""
        value = self.parameter(name).value
        if not isinstance(value, Decimal):
            raise _mistyped(name, "one number")
        return value

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """A list of exact numbers, in the order of the file."""
        numbers = tuple(each for each in self._list(name) if isinstance(each, Decimal))
        if not numbers:
            raise _mistyped(name, "a list of numbers")
        return numbers

    def window(self, name: str) -> Window:
        """A span of time: calendar days for unit d, clock time for h and min."""
        window = self.parameter(name).window
        if window is None:
            raise _mistyped(name, "a number of d, h or min")
        return window

    def word(self, name: str) -> str:
        """One of the parameter's choices."""
        value = self.parameter(name).value
        if not isinstance(value, str):
            raise _mistyped(name, "one word")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A list of words, in the order of the file."""
        words = tuple(each for each in self._list(name) if isinstance(each, str))
        if not words:
            raise _mistyped(name, "a list of words")
        return words

    def truth(self, name: str) -> bool:
        """A switch."""
        value = self.parameter(name).value
        if not isinstance(value, bool):
            raise _mistyped(name, "true or false")
        return value

    def reference(self, id: str) -> Reference:
        """One source by its permanent id."""
        if id not in self.references:
            raise ParameterError("rpild_rules/references.toml", id, "no such reference", "Add it there.")
        return self.references[id]

    def _list(self, name: str) -> tuple[Decimal, ...] | tuple[str, ...]:
        value = self.parameter(name).value
        return value if isinstance(value, tuple) else ()


def load_knowledge(site: Path | None = None, shipped: Path = SHIPPED) -> Knowledge:
    """The shipped knowledge with the overrides of a site's TOML file; ParameterError names file, key and remedy."""
    folder = shipped / "parameters"
    raw_references = read_file(shipped / "references.toml")
    raw_tables = _tables(folder)
    header = table_at(Place(HEADER, "header"), read_file(folder / HEADER), ("version", "ascending"))
    references = read_references("references.toml", raw_references)
    defaults = {name: read_parameter(place, raw, references) for name, (place, raw) in raw_tables.items()}
    overrides, parameters = with_overrides(site, defaults) if site else ((), defaults)
    _check_order(header["ascending"], parameters, site.name if site else HEADER)
    content, rows = {name: raw for name, (_, raw) in raw_tables.items()}, read_tables(shipped / FOLDER)
    texts = _cited(load_texts(parameters, shipped / TEXTS), references)
    return Knowledge(
        version=text_at(Place(HEADER, "version"), header, "version"),
        sha256=_digest(header, content, raw_references, read_file(shipped / TEXTS), plain(rows)),
        overrides=overrides,
        parameters=MappingProxyType(parameters),
        references=MappingProxyType(references),
        texts=texts,
        tables=load_tables(rows, references, {"parameter": defaults, "topic": texts.topics}),
    )


def _cited(texts: Texts, references: Mapping[str, Reference]) -> Texts:
    """The texts, if every source they cite is a reference."""
    cited = {f"topic.{code}": topic.evidence for code, topic in texts.topics.items()}
    cited |= {f"flag_source.{flag}": (source,) for flag, source in texts.sections["flag_source"].items()}
    for key, source in ((key, source) for key, sources in cited.items() for source in sources):
        if source not in references:
            Place(TEXTS, key).refuse(f"source {source!r} is not in references.toml", "Add it there or correct the key.")
    return texts


def _mistyped(name: str, wanted: str) -> ParameterError:
    return ParameterError(TABLES, name, f"is not {wanted}", "Correct its value and unit, or the rule that reads it.")


def _tables(folder: Path) -> dict[str, tuple[Place, object]]:
    """Every parameter's table and place; a name stands in one file only."""
    tables: dict[str, tuple[Place, object]] = {}
    files = {path.name: read_file(path) for path in sorted(folder.glob("*.toml")) if path.name != HEADER}
    for place, raw in ((Place(file, name), raw) for file, content in files.items() for name, raw in content.items()):
        if place.key in tables:
            place.refuse(f"is in {tables[place.key][0].file} too", "Keep one of the two.")
        tables[place.key] = place, raw
    return tables


def _check_order(chains: object, parameters: Mapping[str, Parameter], file: str) -> None:
    """Settings that only make sense in order: each chain of the header rises."""
    place = Place(HEADER, "ascending")
    listed = chains if isinstance(chains, list) else place.refuse("is not a list", "List chains of names.")
    for low, high in (pair for names in listed for pair in pairwise(_chain(place, names, parameters))):
        if _size(low) > _size(high):
            Place(file, high.name).refuse(f"is smaller than {low.name} ({low.printed})", "Keep the two in order.")


def _chain(place: Place, names: object, parameters: Mapping[str, Parameter]) -> list[Parameter]:
    return [_known(place, name, parameters) for name in texts_at(place, {"chain": names}, "chain")]


def _known(place: Place, name: str, parameters: Mapping[str, Parameter]) -> Parameter:
    return parameters[name] if name in parameters else place.refuse(f"{name} is no parameter", "Correct the name.")


def _size(parameter: Parameter) -> Decimal:
    if parameter.window:
        return Decimal(parameter.window.span.total_seconds())
    return parameter.value if isinstance(parameter.value, Decimal) else Decimal()


def _digest(*content: object) -> str:
    """SHA-256 over the content alone: independent of the order of files and keys, of layout and of comments."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=date.isoformat)
    return hashlib.sha256(canonical.encode()).hexdigest()
