"""The knowledge tables beside the parameters: read strictly, linked to references and to each other, frozen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from rpild_rules import pathway_rows, rows
from rpild_rules.parameter import read_value
from rpild_rules.references import MARKS, Reference
from rpild_rules.strict_toml import ParameterError, Place, choice_at, read_file, table_at, text_at, texts_at

FOLDER = "tables"
KINDS: Mapping[str, type[Any]] = MappingProxyType({
    "cause": rows.Cause, "definition": rows.Definition, "condition": rows.Condition, "antibody": rows.Antibody,
    "statement": rows.Statement, "arm": rows.Arm, "cohort": rows.Cohort, "biomarker": rows.Biomarker,
    "prognostic": rows.Prognostic, "dose": rows.Dose, "option": rows.Option, "caution": rows.Caution,
    "evidence": rows.Evidence, "guideline": rows.Guideline, "aip": rows.AipStatement, "aip_series": rows.AipSeries,
    "error": rows.DataError, "node": pathway_rows.Node, "edge": pathway_rows.Edge,
    "disagreement": pathway_rows.Disagreement, "stage": pathway_rows.StageRule,
    "transition": pathway_rows.Transition, "attribute": pathway_rows.Attribute, "family": pathway_rows.Family,
})  # fmt: skip
PARTS: Mapping[str, type[Any]] = MappingProxyType({"Series": rows.Series, "PublishedDose": rows.PublishedDose})
RowType = TypeVar("RowType")


@dataclass(frozen=True, slots=True)
class Tables:
    """All rows by kind and id, in the order of their files; ParameterError tells a row that is not there."""

    kinds: Mapping[str, Mapping[str, Any]]

    def of(self, kind: type[RowType]) -> Mapping[str, RowType]:
        """All rows of one kind by their ids."""
        return self.kinds[next(name for name, each in KINDS.items() if each is kind)]

    def row(self, kind: type[RowType], id: str) -> RowType:
        """One row by its permanent id."""
        found = self.of(kind)
        if id not in found:
            raise ParameterError("rpild_rules/tables", id, f"no such {kind.__name__}", "Add it to a file there.")
        return found[id]


Entry = tuple[Place, object]
Content = Mapping[str, Mapping[str, Entry]]


def read_tables(folder: Path) -> Content:
    """Every row of the files of a folder by kind and id, with its place; a row stands in one file only.

    Rows written as a list are numbered.
    """
    content: dict[str, dict[str, Entry]] = {}
    for place, raw in _entries(folder):
        kind, _, id = place.key.partition(".")
        if kind not in KINDS:
            place.refuse(f"{kind!r} is no kind of row", f"Use one of: {', '.join(KINDS)}.")
        if id in content.setdefault(kind, {}):
            place.refuse(f"stands in {content[kind][id][0].file} too", "Keep one of the two.")
        content[kind][id] = place, raw
    return content


def plain(content: Content) -> dict[str, dict[str, object]]:
    """The rows without their places, for the digest."""
    return {kind: {id: raw for id, (_, raw) in table.items()} for kind, table in content.items()}


def load_tables(content: Content, references: Mapping[str, Reference], known: Mapping[str, Collection[str]]) -> Tables:
    """The rows of that content; `known` holds the ids, by kind, that rows may name beyond tables and references."""
    found = {
        kind: {id: _row(place, kind, id, raw, references) for id, (place, raw) in content.get(kind, {}).items()}
        for kind in KINDS
    }
    _check_links(content, found, {**found, **known, "reference": references})
    return Tables(MappingProxyType({kind: MappingProxyType(table) for kind, table in found.items()}))


def _entries(folder: Path) -> Iterator[tuple[Place, object]]:
    files = {path.name: read_file(path) for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ParameterError(f"{folder.name}/", "file", "no table there", "Restore the folder from the release.")
    tables = ((Place(file, kind), raw) for file, content in files.items() for kind, raw in content.items())
    for place, raw in tables:
        yield from ((place.at(id), row) for id, row in _numbered(place, raw).items())


def _numbered(place: Place, raw: object) -> Mapping[str, object]:
    if isinstance(raw, list):
        return {str(number): row for number, row in enumerate(raw, 1)}
    return raw if isinstance(raw, dict) else place.refuse("is no table of rows", f"Write [{place.key}.<id>] tables.")


def _row(place: Place, kind: str, id: str, raw: object, references: Mapping[str, Reference]) -> Any:
    row = _read(place, raw, KINDS[kind], id=id)
    return _sourced(place, row, references) if isinstance(row, rows.Row) else row


def _sourced(place: Place, row: rows.Row, references: Mapping[str, Reference]) -> rows.Row:
    """A row that is a reference itself takes place and mark from there; any other says them."""
    said = (row.where, row.mark, row.source)
    if row.id in references and not any(said):
        reference = references[row.id]
        return replace(row, where=reference.where, mark=reference.mark, source=row.id)
    if not all(said):
        place.refuse("where, mark or source is missing", "Say all three, or add the id to references.toml.")
    if row.mark not in MARKS:
        place.refuse(f"mark {row.mark!r} is not known", f"Use one of: {', '.join(sorted(MARKS))}.")
    return row


def _read(place: Place, raw: object, kind: type[Any], **given: object) -> Any:
    """One TOML table as a frozen row: every field without a default is required, no other key is known."""
    named = [each for each in fields(kind) if each.name not in given]
    required = [each.name for each in named if each.default is MISSING and each.default_factory is MISSING]
    table = table_at(place, raw, required, [each.name for each in named])
    values = {each.name: _value(place, table, each.name, each.type) for each in named if each.name in table}
    for each in (each for each in named if "choices" in each.metadata and each.name in table):
        choice_at(place, table, each.name, each.metadata["choices"])
    return kind(**given, **values)


def _value(place: Place, table: Mapping[str, object], key: str, type: object) -> object:
    reader = READERS.get(str(type))
    return reader(place, table, key) if reader else _parts(place, table, key, str(type))


def _parts(place: Place, table: Mapping[str, object], key: str, type: str) -> tuple[Any, ...]:
    """A list of tables, each a part of its row."""
    listed = table[key]
    if not isinstance(listed, list) or not listed:
        place.refuse(f"{key} is not a list of tables", f"Write [[{place.key}.{key}]] tables.")
    kind = _part_of(type)
    assert kind  # every type without a reader is a tuple of parts
    return tuple(_read(place.at(f"{key}.{number}"), raw, kind) for number, raw in enumerate(listed, 1))


def _part_of(type: object) -> type[Any] | None:
    """The class of the parts of a field, if it holds parts."""
    return PARTS.get(str(type).removeprefix("tuple[").removesuffix(", ...]"))


def _numbers(place: Place, table: Mapping[str, object], key: str) -> tuple[Decimal, ...]:
    listed = table[key]
    values = listed if isinstance(listed, list) else place.refuse(f"{key} is not a list", f'Write {key} = ["1.0"].')
    return tuple(_number(place, {key: value}, key) for value in values)


def _number(place: Place, table: Mapping[str, object], key: str) -> Decimal:
    value = read_value(place.at(key), table[key], "count", (), many=False)
    assert isinstance(value, Decimal)  # the unit asks for a number
    return value


def _truth(place: Place, table: Mapping[str, object], key: str) -> bool:
    return read_value(place.at(key), table[key], "boolean", (), many=False) is True


def _pairs(place: Place, table: Mapping[str, object], key: str) -> Mapping[str, str]:
    raw = table[key]
    pairs = raw if isinstance(raw, dict) else place.refuse(f"{key} is not a table", f"Write [{place.key}.{key}].")
    return MappingProxyType({name: text_at(place.at(key), pairs, name) for name in pairs})


READERS: Mapping[str, Callable[[Place, Mapping[str, object], str], object]] = MappingProxyType({
    "str": text_at, "tuple[str, ...]": texts_at, "Decimal": _number, "Decimal | None": _number,
    "tuple[Decimal, ...]": _numbers, "bool": _truth, "Mapping[str, str]": _pairs,
})  # fmt: skip


def _check_links(
    content: Content, found: Mapping[str, Mapping[str, Any]], known: Mapping[str, Collection[str]]
) -> None:
    """Whatever a row names exists."""
    each_row = ((kind, id, row) for kind, table in found.items() for id, row in table.items())
    for kind, id, (name, wanted, named) in ((kind, id, link) for kind, id, row in each_row for link in _named(row)):
        if named not in known[wanted]:
            content[kind][id][0].at(name).refuse(f"{named!r} is no {wanted}", f"Correct it, or add that {wanted}.")


def _named(row: Any) -> Iterator[tuple[str, str, str]]:
    """Every id that a row or its parts name: field, kind and id."""
    for each in fields(row):
        value = getattr(row, each.name)
        parts = value if _part_of(each.type) else ()
        linked = _ids(value) if "link" in each.metadata else ()
        yield from ((each.name, each.metadata["link"], id) for id in linked)
        yield from (named for part in parts for named in _named(part))


def _ids(value: object) -> Iterator[str]:
    """The ids in a field: one, several, or the values of a table."""
    if isinstance(value, str):
        yield from filter(None, (value,))
    elif isinstance(value, Mapping):
        yield from value.values()
    else:
        assert isinstance(value, tuple)  # a link is one id, several, or a table
        yield from value
