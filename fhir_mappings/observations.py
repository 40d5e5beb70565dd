"""Which concept an Observation carries, and what becomes of it: a measurement, a test result, a support or an
attestation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from fhir_mappings.attestations import SYSTEM as ATTESTATION
from fhir_mappings.attestations import read_attestation
from fhir_mappings.code_tables import EXCLUDES, ROWS, SITE_SYSTEM, SYSTEM_NAMES, concepts_of_file, read_table
from fhir_mappings.datatypes import Coding, Concept
from fhir_mappings.measures import read_measurement
from fhir_mappings.references import References
from fhir_mappings.results import CULTURES, culture_named, is_panel, panel_result, read_result
from fhir_mappings.structs import ObservationIn, Valued
from fhir_mappings.supports import SUPPORTS, observed_support
from fhir_mappings.units import SCALES
from fhir_mappings.words import named, named_in
from rpild_rules.facts import Attestation, Measurement, Support, TestResult, Unreadable

MARKS = read_table("marks")
PANEL = "myositis-panel"
DROPPED = frozenset({"cancelled", "entered-in-error", "unknown"})
ANTIBODIES = concepts_of_file("antibodies")
QUALITATIVE = ANTIBODIES | set(MARKS["concepts"]["qualitative"]) | CULTURES
AT_THE_GATE = ANTIBODIES | {PANEL, "ferritin", "ferritin-molar"}
LOINC_ROWS = [row for row in ROWS if row.system == "LOINC" and row.file in ("observations", "antibodies")]
OBSERVED = {(url, row.code): row.concept for url in SYSTEM_NAMES["LOINC"] for row in LOINC_ROWS}
OBSERVED |= {(SITE_SYSTEM, name): name for name in set(SCALES) | QUALITATIVE | {"o2-delivery-mechanism", PANEL}}

STATED = {(url, row.code): row.concept for row in ROWS if row.concept in SUPPORTS for url in SYSTEM_NAMES[row.system]}
STATED |= {(SITE_SYSTEM, name): name for name in SUPPORTS}


@dataclass(slots=True)
class Findings:
    """What the Observations of a chart came to."""

    measurements: list[Measurement] = field(default_factory=list)
    results: list[TestResult] = field(default_factory=list)
    supports: list[Support] = field(default_factory=list)
    attestations: list[Attestation] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def take(self, fact: Measurement | TestResult | Support | Attestation | Unreadable) -> None:
        """Put a fact where its kind belongs."""
        getattr(self, LISTS[type(fact)]).append(fact)


LISTS = {
    Measurement: "measurements",
    TestResult: "results",
    Support: "supports",
    Attestation: "attestations",
    Unreadable: "unreadable",
}


def observed(code: Concept | None) -> tuple[str, str]:
    """The concept of a code and the LOINC code that decides it; empty if none is known. A negative list wins."""
    concept = found = ""
    for coding in code.coding if code is not None else ():
        known = OBSERVED.get((coding.system, coding.code), "")
        if known in EXCLUDES:
            return known, coding.code
        if known and not concept:
            concept, found = known, coding.display if coding.system == SITE_SYSTEM else coding.code
    return concept, found


def by_name(code: Concept) -> str:
    """The antibody or culture that the texts of a code name, if they name exactly one; the panel if they name several
    antibodies or a panel.
    """
    found = named("serology", code.text)
    for coding in code.coding:
        if coding.display != code.text:
            found = found | named("serology", coding.display)
    if not found:
        return culture_named(code)
    if named_in("genetic", code):
        return ""
    antibodies = found - {PANEL}
    if len(antibodies) == 1:
        return next(iter(antibodies))
    return PANEL


def names_panel(code: Concept | None) -> bool:
    """Whether a code's texts name a myositis panel."""
    return PANEL in named_in("serology", code)


@dataclass(frozen=True, slots=True)
class Told:
    """What the codings and texts of an Observation's code come to.

    `concept` and `code` as `observed` gives them, `name` as `by_name`, looked up only where no code decides;
    `attested` is the code of an attestation; `support` tells a code of breathing support in another system.
    """

    concept: str = ""
    code: str = ""
    name: str = ""
    attested: str = ""
    support: bool = False


NOT_TOLD = Told()


def told(code: Concept | None) -> Told:
    """What a code says; the same code is looked at once."""
    if code is None:
        return NOT_TOLD
    if len(code.coding) == 1:
        only = code.coding[0]
        return _told(code.text, only.system, only.code, only.display)
    return _told(code.text, *(part for each in code.coding for part in (each.system, each.code, each.display)))


@lru_cache(maxsize=8192)
def _told(text: str, *parts: str) -> Told:
    codings = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    code = Concept(tuple(Coding(*each) for each in codings), text)
    concept, found = observed(code)
    if concept:
        return Told(concept, found)
    attested = next((coding.code for coding in code.coding if coding.system == ATTESTATION), "")
    support = any((coding.system, coding.code) in STATED for coding in code.coding)
    return Told(name=by_name(code), attested=attested, support=support)


def matters(each: ObservationIn, wanted: frozenset[str] | None = None) -> bool:
    """Whether a laboratory Observation can say anything: a code or name that we read (and that is wanted), or parts."""
    if each.component or each.has_member or each.code is None:
        return True
    said = told(each.code)
    if wanted is not None:
        return said.concept in wanted or said.name in wanted
    return said is not NOT_TOLD and bool(said.concept or said.name or said.attested or said.support)


def read_observations(observations: Iterable[ObservationIn], refs: References) -> Findings:
    """All Observations of a chart."""
    found = Findings()
    for each in observations:
        if each.status not in DROPPED:
            _read(each, refs, found)
    return found


def _read(each: ObservationIn, refs: References, found: Findings) -> None:
    said = told(each.code)
    if said.concept:
        _known(said.concept, said.code, each, each, refs, found)
    else:
        _unknown(said, each, refs, found)
    for component in each.component:
        part = told(component.code)
        _known(part.concept or part.name, part.code, component, each, refs, found)


def _known(concept: str, code: str, valued: Valued, each: ObservationIn, refs: References, found: Findings) -> None:
    if concept in SCALES:
        found.take(read_measurement(concept, code, valued, each, refs))
    if concept in QUALITATIVE:
        found.take(read_result(concept, code, valued, each, refs))
    if concept == "o2-delivery-mechanism":
        found.take(observed_support(valued.value_codeable_concept, valued.value_string, each, refs))


def _unknown(said: Told, each: ObservationIn, refs: References, found: Findings) -> None:
    """No code of our tables: an attestation, a test by its name, a support of another system, or nothing."""
    if said.attested:
        return found.take(read_attestation(said.attested, each, refs))
    if said.name:
        return found.take(_by_name(said.name, each, refs))
    if said.support and each.value_boolean is not False:
        found.take(observed_support(each.code, None, each, refs))
    return None


def _by_name(name: str, each: ObservationIn, refs: References) -> TestResult:
    panel = is_panel(name, each, names_panel(each.code))
    return panel_result(each, refs) if panel else read_result(name, "", each, each, refs)


def concept_named(code: Concept | None) -> str:
    """The concept of a code, or of its name."""
    said = told(code)
    return said.concept or said.name
