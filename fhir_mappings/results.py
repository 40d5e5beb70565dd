"""One qualitative result: antibody, screen, culture, or a myositis panel as such."""

from __future__ import annotations

from fhir_mappings.answers import meaning_of, printed
from fhir_mappings.code_tables import read_table
from fhir_mappings.dates import effective
from fhir_mappings.references import References
from fhir_mappings.specimens import specimen_kinds, specimen_text
from fhir_mappings.structs import ObservationIn, Valued
from fhir_mappings.subjects import reference_of
from rpild_rules.facts import Meaning, TestResult

MARKS = read_table("marks")
CULTURES = frozenset(MARKS["concepts"]["cultures"])
OF_ANY_SPECIMEN = frozenset(MARKS["codes"]["of_any_specimen"])


def read_result(concept: str, code: str, valued: Valued, each: ObservationIn, refs: References) -> TestResult:
    """The result of one test; `concept` of a culture of an unspecified specimen follows the specimen."""
    culture = concept in CULTURES
    meaning = meaning_of(valued, names_organism=culture)
    return TestResult(
        concept=_culture(each, refs) if code in OF_ANY_SPECIMEN else concept,
        meaning=meaning,
        when=effective(each, refs.read, refs.zone),
        status=each.status,
        printed=printed(valued),
        reference=reference_of(each),
        issued=refs.read(each.issued),
        organism=printed(valued) if culture and meaning is Meaning.POSITIVE else "",
        specimen=specimen_text(each.specimen, refs),
    )


def _culture(each: ObservationIn, refs: References) -> str:
    kinds = specimen_kinds(each.specimen, refs)
    if "specimen-respiratory" in kinds:
        return "respiratory-culture"
    return "blood-culture" if "specimen-blood" in kinds else "culture-other"


def is_panel(name: str, each: ObservationIn, named_panel: bool) -> bool:
    """Whether an Observation known by its name only is a panel rather than one antibody."""
    if name == "myositis-panel":
        return True
    return named_panel and (bool(each.has_member or each.component) or not _has_value(each))


def _has_value(each: ObservationIn) -> bool:
    return any(
        value is not None
        for value in (
            each.value_codeable_concept,
            each.value_string,
            each.value_quantity,
            each.value_boolean,
            each.value_integer,
        )
    )


def panel_result(each: ObservationIn, refs: References) -> TestResult:
    """A myositis panel as such, whatever its members say."""
    when = effective(each, refs.read, refs.zone)
    return TestResult(
        "myositis-panel", meaning_of(each), when, each.status, printed(each), reference_of(each), refs.read(each.issued)
    )
