"""One qualitative result: antibody, screen, culture, or a myositis panel as such."""

from __future__ import annotations

from fhir_mappings.answers import meaning_of, printed
from fhir_mappings.code_tables import concepts_of, read_table
from fhir_mappings.datatypes import Concept
from fhir_mappings.dates import effective
from fhir_mappings.references import References
from fhir_mappings.specimens import specimen_kinds, specimen_text
from fhir_mappings.structs import ObservationIn, Valued
from fhir_mappings.subjects import reference_of
from fhir_mappings.words import named, named_in, texts_of
from rpild_rules.facts import Meaning, TestResult

MARKS = read_table("marks")
CULTURES = frozenset(MARKS["concepts"]["cultures"])
PREGNANCY = "pregnancy-status"
STATUS_OF_PREGNANCY = {concept: Meaning(word) for concept, word in MARKS["pregnancy"].items()}
OF_ANY_SPECIMEN = frozenset(MARKS["codes"]["of_any_specimen"])


def read_result(concept: str, code: str, valued: Valued, each: ObservationIn, refs: References) -> TestResult:
    """The result of one test; `concept` of a culture of an unspecified specimen follows the specimen."""
    culture = concept in CULTURES
    meaning = pregnancy_of(valued) if concept == PREGNANCY else meaning_of(valued, names_organism=culture)
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
    """The culture that a specimen makes of it; a wound, a throat or no specimen at all is none that a rule counts."""
    kinds = specimen_kinds(each.specimen, refs)
    by_specimen = (culture for kind, culture in MARKS["specimen_cultures"].items() if kind in kinds)
    return next(by_specimen, "") or culture_named(each.code) or "culture-unspecified"


def culture_named(code: Concept | None) -> str:
    """The culture that the texts of a code name; empty for none, for several, and for a surveillance screen."""
    found = named_in("culture", code)
    return next(iter(found)) if len(found) == 1 and not named_in("screening", code) else ""


def pregnancy_of(valued: Valued) -> Meaning:
    """What a pregnancy status says: by code or words (`not pregnant` wins over `pregnant`), else as any answer."""
    value = valued.value_codeable_concept
    words = (valued.value_string or "", *texts_of(value))
    known = concepts_of(value) | frozenset(name for text in words for name in named("pregnancy", text))
    said = next((meaning for concept, meaning in STATUS_OF_PREGNANCY.items() if concept in known), None)
    return said or meaning_of(valued)


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
