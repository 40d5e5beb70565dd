"""`rpild map concepts`: the names that a site mapping may write as `concept`, with an example and the unit."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_mappings.code_tables import BY_CONCEPT, CONCEPTS, ROW_FILES, concepts_of_file
from fhir_mappings.units import SCALES
from fhir_mappings.words import plain

NAMED_ONLY = "named_only"


def concept_list(word: str) -> str:
    """The names, group by group; only those whose name or example holds a word, if one is given."""
    groups = ("\n".join(group) for each in (*ROW_FILES, NAMED_ONLY) if (group := list(_group(each, plain(word)))))
    return ("\n\n".join(groups) or f"no name and no example holds {word!r}") + "\n"


def _group(file: str, word: str) -> Iterator[str]:
    known = frozenset(BY_CONCEPT)
    found = CONCEPTS - known if file == NAMED_ONLY else CONCEPTS & concepts_of_file(file) & known
    rows = [line for name in sorted(found) if word in plain(line := _line(name))]
    if rows:
        yield file.replace("_", " ").capitalize()
    yield from rows


def _line(name: str) -> str:
    example = BY_CONCEPT[name][0].display if name in BY_CONCEPT else ""
    scale = SCALES.get(name)
    unit = f"  [{scale.unit}]" if scale is not None else ""
    return f"  {name}{unit}  {example}".rstrip()
