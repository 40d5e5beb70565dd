"""What an unmapped code or text may be, by its words: for a person to review, never applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from fhir_mappings.code_tables import CONCEPTS, EXCLUDES, ROWS, SYSTEMS, concepts_of_file
from fhir_mappings.coverage import Coverage, Sent
from fhir_mappings.measures import ARTERIAL
from fhir_mappings.observations import OBSERVED
from fhir_mappings.units import SCALES
from fhir_mappings.words import plain

SHORTEST = 2
PACKAGING = frozenset(
    {"serum", "plasma", "blood", "level", "s", "p", "b", "i", "im", "in", "or", "total", "test", "result", "lab", "the",
     "of", "body", "oral", "axillary", "rectal", "tympanic"}
)  # fmt: skip
# A gas is arterial by its code or specimen, never by its name; the others are words of many tests.
UNNAMED = frozenset(EXCLUDES) | ARTERIAL | {"po2-blood-unspecified", "o2-delivery-mechanism"}


def _test(text: str) -> str:
    """What a test is called without property, specimen and the like: `Ferritin [Mass/volume] in Serum` is ferritin."""
    words = re.split(r"[\s,;.:_()-]+", plain(text.partition("[")[0].partition("(")[0]))
    return " ".join(word for word in words if word and word not in PACKAGING)


def _names(files: tuple[str, ...], wanted: Collection[str]) -> dict[str, str]:
    """Names to concepts: those of the rows, and the concepts' own."""
    rows = [row for row in reversed(ROWS) if row.file in files and row.concept in wanted]
    named = [(_test(row.display), row.concept) for row in rows]
    named += [(_test(row.concept), row.concept) for row in rows]
    return {name: concept for name, concept in named if len(name) >= SHORTEST}


TESTS = _names(("observations", "antibodies"), (frozenset(OBSERVED.values()) & CONCEPTS) - UNNAMED)
DIAGNOSES = _names(("conditions",), concepts_of_file("conditions") & CONCEPTS)
NAMES: Mapping[str, Mapping[str, str]] = {"Observation": TESTS, "Condition": DIAGNOSES}


def named_as(text: str, whole: bool = True, names: Mapping[str, str] = TESTS) -> str:
    """The concept that a text is a name of, or (unless `whole`) holds the longest name of; empty for none."""
    words = _test(text).split()
    spans = ((start, end) for end in range(len(words), 0, -1) for start in range(end))
    held = [" ".join(words[start:end]) for start, end in spans] if not whole else []
    known = [each for each in (" ".join(words), *sorted(held, key=len, reverse=True)) if each in names]
    return names[known[0]] if known else ""


def proposals(coverage: Coverage) -> Iterator[tuple[Sent, int, str]]:
    """Unmapped Observations and Conditions whose words hold the name of something that is read, with its concept.

    A public code that is not in the tables is mostly another test; only its whole name counts.
    """
    for each, number in coverage.unmapped():
        public = each.kind == "Observation" and each.system in SYSTEMS
        named = named_as(each.text, public, NAMES[each.kind]) if each.kind in NAMES else ""
        if named:
            yield each, number, _in_units(named, coverage.spelled(each))


def _in_units(concept: str, units: Collection[str]) -> str:
    """Of the concepts that are read as this one, that which knows the units sent: ferritin in pmol/L is molar."""
    kin = (name for name, scale in SCALES.items() if scale.concept == concept)
    known = [name for name in kin if units and _knows(name, units)]
    return known[0] if len(known) == 1 else concept


def _knows(name: str, units: Collection[str]) -> bool:
    """Whether all of some units are those of a measured concept."""
    return SCALES[name].factors.keys() >= set(units)
