"""Which codes, texts and units a site sends for each data element: what is mapped, what is not, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_mappings.answers import meaning_of
from fhir_mappings.attestations import TABLE as ATTESTATIONS
from fhir_mappings.code_tables import EXCLUDES, concepts_of
from fhir_mappings.datatypes import Concept, Quantity
from fhir_mappings.drugs import ingredients_of
from fhir_mappings.imaging import scan_concept
from fhir_mappings.observations import PANEL, QUALITATIVE, concept_named, told
from fhir_mappings.orders import order_concepts
from fhir_mappings.queries import ELEMENTS, QUERIES
from fhir_mappings.results import CULTURES
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from fhir_mappings.structs import Valued
from fhir_mappings.supports import SUPPORTS
from fhir_mappings.units import spelling_of
from rpild_rules.facts import Meaning

OF_NO_ELEMENT = ""
OF_CONCEPT = {concept: element for element, table in ELEMENTS.items() for concept in table["concepts"]}
OF_CONCEPT |= {PANEL: "E-MSA", "culture-other": "E-MICRO", "ct-chest": "E-CT", "cxr": "E-CT"}
OF_CONCEPT |= dict.fromkeys(ATTESTATIONS, "E-ATT")
# Where no concept decides: the first element of a search for that type.
OF_KIND = {
    query.kind: next(iter(query.elements), OF_NO_ELEMENT) for query in QUERIES.values() if query.kind != "Observation"
}
OF_REPORTS = frozenset({"ImagingStudy", "DiagnosticReport"})
# Elements of which every resource counts, whatever its codes.
UNCODED = {"E-PAT": "Patient", "E-ENC": "Encounter"}
MEDICATIONS = frozenset({"MedicationRequest", "MedicationAdministration", "MedicationStatement", "Medication"})
UNREAD = (Meaning.UNREADABLE, Meaning.INDETERMINATE)


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """One way in which something was sent: where, in which system, code and words.

    `concepts` is empty for what is not mapped, `element` for what no rule reads.
    """

    kind: str
    element: str
    concepts: tuple[str, ...]
    system: str
    code: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class SentUnit:
    """One spelling of a unit beside one measured concept; `known` tells whether it can be read."""

    concept: str
    unit: str
    known: bool


@dataclass(frozen=True, slots=True, order=True)
class SentAnswer:
    """One answer to a test that asks for positive or negative, and what it is read as. A number is told by its unit."""

    concept: str
    meaning: str
    system: str
    code: str
    text: str

    @property
    def known(self) -> bool:
        """Whether a rule can use it."""
        return self.meaning not in UNREAD


@dataclass(slots=True)
class Coverage:
    """Counts over many resources. `others` are of types that no rule reads; `broken` files could not be read at all."""

    resources: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    sent: Counter[Sent] = field(default_factory=Counter)
    units: Counter[SentUnit] = field(default_factory=Counter)
    units_of: dict[Sent, set[str]] = field(default_factory=dict)
    answers: Counter[SentAnswer] = field(default_factory=Counter)
    unreadable: int = 0
    broken: list[str] = field(default_factory=list)

    def mapped(self) -> list[tuple[Sent, int]]:
        """What is read, by element, the most frequent first."""
        return _ranked((each, count) for each, count in self.sent.items() if each.concepts and each.element)

    def known(self) -> list[tuple[Sent, int]]:
        """What the code tables know and no rule reads."""
        return _ranked((each, count) for each, count in self.sent.items() if each.concepts and not each.element)

    def by_element(self) -> dict[str, tuple[int, int]]:
        """For each data element how often something was sent that is read, and in how many ways."""
        found = {element: (self.resources[UNCODED.get(element, "")], 0) for element in ELEMENTS}
        for each, count in self.mapped():
            often, ways = found[each.element]
            found[each.element] = (often + count, ways + 1)
        return found

    def unmapped(self) -> list[tuple[Sent, int]]:
        """What no rule reads: most of it need not be read."""
        return _ranked((each, count) for each, count in self.sent.items() if not each.concepts)

    def spelled(self, sent: Sent) -> list[str]:
        """The units in which the values of something unmapped were sent."""
        return sorted(self.units_of.get(sent, ()))


def _ranked(rows: Iterable[tuple[Sent, int]]) -> list[tuple[Sent, int]]:
    return sorted(rows, key=lambda row: (row[0].element, -row[1], row[0]))


def count(resources: Iterable[Any], coverage: Coverage, site: SiteMapping = NO_MAPPING) -> None:
    """Add some decoded (and translated) resources to the counts."""
    for each in resources:
        coverage.resources[each.resource_type] += 1
        for code in _codes(each):
            coverage.sent[_sent(each.resource_type, code)] += 1
        for valued in (each, *each.component) if each.resource_type == "Observation" else ():
            _count_value(valued, coverage, site)


def _codes(each: Any) -> Iterator[Concept]:
    parts = [part.code for part in getattr(each, "component", ())]
    own = (getattr(each, "code", None), getattr(each, "medication_codeable_concept", None), *parts)
    yield from (code for code in (*own, *getattr(each, "procedure_code", ())) if code is not None)


def _sent(kind: str, code: Concept) -> Sent:
    concepts = tuple(sorted(concepts_in(kind, code) - frozenset(EXCLUDES)))
    element = next((OF_CONCEPT[name] for name in concepts if name in OF_CONCEPT), _element_of(kind, concepts))
    return Sent(kind, element, concepts, *_first(code))


def _first(code: Concept) -> tuple[str, str, str]:
    """System, code and words of a CodeableConcept, as it was sent."""
    first = next((each for each in code.coding if each.code), None)
    text = code.text or next((each.display for each in code.coding if each.display), "")
    return (first.system, first.code, text) if first is not None else ("", "", text)


def _element_of(kind: str, concepts: Iterable[str]) -> str:
    """The element of a resource type where no concept decides."""
    if not SUPPORTS.isdisjoint(concepts):
        return "E-O2"
    return OF_KIND.get(kind, OF_NO_ELEMENT)


def concepts_in(kind: str, code: Concept) -> frozenset[str]:
    """What a code of a resource type comes to, by the way that type is read."""
    if kind == "Observation":
        found = concept_named(code) or told(code).attested
        return frozenset({found} if found else ())
    if kind in MEDICATIONS:
        return ingredients_of([code])
    if kind == "ServiceRequest":
        return order_concepts(code)
    if kind in OF_REPORTS:
        return frozenset({concept_named(code), scan_concept([code], ())} - {""})
    return concepts_of(code)


def _count_value(valued: Valued, coverage: Coverage, site: SiteMapping) -> None:
    said = told(valued.code)
    concept, quantity = said.concept or said.name, valued.value_quantity
    scale = site.scales.get(said.concept)
    if scale is None and concept in QUALITATIVE:
        coverage.answers[_answer(concept, valued)] += 1
        return
    if not isinstance(quantity, Quantity) or valued.code is None:
        return
    if scale is not None:
        spelling = spelling_of(quantity, scale)
        coverage.units[SentUnit(scale.concept, spelling, spelling in scale.factors)] += 1
        return
    coverage.units_of.setdefault(_sent("Observation", valued.code), set()).add(quantity.code or quantity.unit)


def _answer(concept: str, valued: Valued) -> SentAnswer:
    meaning = meaning_of(valued, names_organism=concept in CULTURES)
    if valued.value_codeable_concept is not None:
        return SentAnswer(concept, meaning, *_first(valued.value_codeable_concept))
    if valued.value_string is not None:
        return SentAnswer(concept, meaning, "", "", valued.value_string.strip())
    quantity = valued.value_quantity
    return SentAnswer(concept, meaning, "", "", f"number in {quantity.unit or quantity.code}" if quantity else "")
