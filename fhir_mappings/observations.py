"""Which concept an Observation carries, and what becomes of it: a measurement, a test result, a support or an
attestation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhir_mappings.attestations import SYSTEM as ATTESTATION
from fhir_mappings.attestations import TABLE as ATTESTATIONS
from fhir_mappings.attestations import read_attestation
from fhir_mappings.code_tables import EXCLUDES, ROWS, SYSTEM_NAMES, concepts_of_file, read_table
from fhir_mappings.datatypes import Concept
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
AT_THE_GATE = ANTIBODIES | {"ferritin", "ferritin-molar"}
LOINC_ROWS = [row for row in ROWS if row.system == "LOINC" and row.file in ("observations", "antibodies")]
OBSERVED = {(url, row.code): row.concept for url in SYSTEM_NAMES["LOINC"] for row in LOINC_ROWS}

STATED = {(url, row.code): row.concept for row in ROWS if row.concept in SUPPORTS for url in SYSTEM_NAMES[row.system]}
TOLD = OBSERVED | STATED | {(ATTESTATION, code): code for code in ATTESTATIONS}


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
        lists: dict[type, list[Any]] = {
            Measurement: self.measurements,
            TestResult: self.results,
            Support: self.supports,
            Attestation: self.attestations,
            Unreadable: self.unreadable,
        }
        lists[type(fact)].append(fact)


def observed(code: Concept | None) -> tuple[str, str]:
    """The concept of a code and the LOINC code that decides it; empty if none is known. A negative list wins."""
    concept = found = ""
    for coding in code.coding if code is not None else ():
        known = OBSERVED.get((coding.system, coding.code), "")
        if known in EXCLUDES:
            return known, coding.code
        if known and not concept:
            concept, found = known, coding.code
    return concept, found


def by_name(code: Concept | None) -> str:
    """The antibody or culture that the texts of a code name, if they name exactly one; the panel if they name several
    antibodies or a panel.
    """
    if code is None:
        return ""
    found = named("serology", code.text)
    for coding in code.coding:
        if coding.display != code.text:
            found = found | named("serology", coding.display)
    if not found:
        return culture_named(code)
    antibodies = found - {PANEL}
    if len(antibodies) == 1:
        return next(iter(antibodies))
    return PANEL


def names_panel(code: Concept | None) -> bool:
    """Whether a code's texts name a myositis panel."""
    return PANEL in named_in("serology", code)


def matters(each: ObservationIn, wanted: frozenset[str] | None = None) -> bool:
    """Whether a laboratory Observation can say anything: a code that we read (and that is wanted), parts, or words
    that we know.
    """
    if each.component or each.has_member or each.code is None:
        return True
    for coding in each.code.coding:
        known = TOLD.get((coding.system, coding.code))
        if known is not None:
            return wanted is None or known in wanted
    return by_name(each.code) != ""


def read_observations(observations: Iterable[ObservationIn], refs: References) -> Findings:
    """All Observations of a chart."""
    found = Findings()
    for each in observations:
        if each.status not in DROPPED:
            _read(each, refs, found)
    return found


def _read(each: ObservationIn, refs: References, found: Findings) -> None:
    concept, code = observed(each.code)
    if concept:
        _known(concept, code, each, each, refs, found)
    else:
        _unknown(each, refs, found)
    for component in each.component:
        _component(component, each, refs, found)


def _known(concept: str, code: str, valued: Valued, each: ObservationIn, refs: References, found: Findings) -> None:
    if concept in SCALES:
        found.take(read_measurement(concept, code, valued, each, refs))
    if concept in QUALITATIVE:
        found.take(read_result(concept, code, valued, each, refs))
    if concept == "o2-delivery-mechanism":
        found.take(observed_support(valued.value_codeable_concept, valued.value_string, each, refs))


def _unknown(each: ObservationIn, refs: References, found: Findings) -> None:
    """No code of our tables: an attestation, an antibody by its name, a support of another system, or nothing."""
    attested, name = _attested(each), by_name(each.code)
    if attested:
        found.take(read_attestation(attested, each, refs))
    elif name:
        found.take(_by_name(name, each, refs))
    if not attested and not name and _states_support(each):
        found.take(observed_support(each.code, None, each, refs))


def _by_name(name: str, each: ObservationIn, refs: References) -> TestResult:
    panel = is_panel(name, each, names_panel(each.code))
    return panel_result(each, refs) if panel else read_result(name, "", each, each, refs)


def _attested(each: ObservationIn) -> str:
    return (
        next((coding.code for coding in each.code.coding if coding.system == ATTESTATION), "")
        if each.code is not None
        else ""
    )


def _states_support(each: ObservationIn) -> bool:
    codings = each.code.coding if each.code is not None else []
    return each.value_boolean is not False and any((coding.system, coding.code) in STATED for coding in codings)


def _component(component: Valued, each: ObservationIn, refs: References, found: Findings) -> None:
    concept, code = observed(component.code)
    _known(concept or by_name(component.code), code, component, each, refs, found)


def concept_named(each: ObservationIn) -> str:
    """The concept of an Observation by code or name."""
    return observed(each.code)[0] or by_name(each.code)
