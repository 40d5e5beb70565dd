"""One numeric result in the canonical unit of its concept, with what it came with and what spoils it (decisions
K5, K7, K8, section 4 C4).
"""

from __future__ import annotations

from fhir_mappings.code_tables import ROWS, codes_of, read_table
from fhir_mappings.datatypes import Quantity
from fhir_mappings.dates import effective
from fhir_mappings.references import References
from fhir_mappings.result_flags import with_flags
from fhir_mappings.specimens import specimen_kinds
from fhir_mappings.structs import ObservationIn, Valued
from fhir_mappings.subjects import reference_of
from fhir_mappings.units import Reading, Scale, read_quantity, read_text, shown_number
from fhir_mappings.words import named, named_in, shown
from rpild_rules.facts import Measurement, Unreadable
from rpild_rules.findings import Reason

MARKS = read_table("marks")
NEEDS_ARTERIAL = frozenset(MARKS["codes"]["needs_arterial_specimen"])
ARTERIAL = frozenset(MARKS["concepts"]["arterial"])
VARIANTS = {name: frozenset(codes) for name, codes in MARKS["variants"].items()}
SATURATION = frozenset(MARKS["codes"]["saturation_of_a_laboratory"])
VARYING = frozenset(row.concept for row in ROWS if any(row.code in codes for codes in VARIANTS.values()))
FLOW = frozenset(codes_of("o2-flow", "LOINC"))
NOT_ARTERIAL = frozenset({"specimen-venous", "specimen-capillary"})


def read_measurement(
    concept: str, code: str, valued: Valued, each: ObservationIn, refs: References
) -> Measurement | Unreadable:
    """The measurement, or why this result must not be used as one (another vessel, sweep gas, a laboratory's
    saturation).
    """
    scale = refs.scales[concept]
    reading = with_flags(read_value(valued, scale), valued)
    reference = reference_of(each)
    refused = _refused(scale.concept, code, valued, each, refs)
    if refused is not None:
        return Unreadable(reference, scale.concept, refused, reading.printed)
    return Measurement(
        concept=scale.concept,
        code=code,
        when=effective(each, refs.read, refs.zone),
        value=reading.value,
        unit=scale.unit,
        printed=reading.printed,
        status=each.status,
        reference=reference,
        comparator=reading.comparator,
        issued=refs.read(each.issued),
        problem=reading.problem,
        variant=variant_of(valued) if scale.concept in VARYING else "",
        estimated=scale.concept == "fio2" and is_estimated(valued, each, refs),
        groups=refs.groups.get(reference, frozenset()),
    )


def variant_of(valued: Valued) -> str:
    """`pre` or `post` (bronchodilator), `room-air` (pulse oximetry), or empty."""
    codes = _codes(valued)
    return next((name for name, marked in VARIANTS.items() if codes & marked), "")


def read_value(valued: Valued, scale: Scale) -> Reading:
    """The number of a value, whatever its shape."""
    if valued.value_quantity is not None:
        return read_quantity(valued.value_quantity, scale)
    if valued.value_string is not None:
        return read_text(valued.value_string, scale)
    if valued.value_integer is not None:
        return read_quantity(Quantity(value=valued.value_integer), scale)
    if valued.value_codeable_concept is not None:
        return Reading(None, shown(valued.value_codeable_concept), problem=Reason.UNSTRUCTURED)
    return Reading(None, _no_number(valued), problem=_why_no_value(valued))


def _no_number(valued: Valued) -> str:
    """What was sent in place of a number, as people read it."""
    if valued.value_range is not None:
        return f"range {_ends(' to ', valued.value_range.low, valued.value_range.high)}"
    if valued.value_ratio is not None:
        return f"ratio {_ends(' : ', valued.value_ratio.numerator, valued.value_ratio.denominator)}"
    absent = shown(valued.data_absent_reason)
    return f"no value ({absent})" if absent else ""


def _ends(between: str, *ends: Quantity | None) -> str:
    return between.join(shown_number(each) for each in ends if each is not None)


def _why_no_value(valued: Valued) -> Reason:
    other = valued.value_range is not None or valued.value_ratio is not None
    absent = valued.data_absent_reason.coding if valued.data_absent_reason is not None else []
    return Reason.UNSTRUCTURED if other or any(coding.code == "as-text" for coding in absent) else Reason.NO_DATA


def _refused(concept: str, code: str, valued: Valued, each: ObservationIn, refs: References) -> Reason | None:
    if concept in ARTERIAL:
        return _vessel(code, each, refs)
    if concept == "fio2" and _says("sweep", valued, each):
        return Reason.NOT_COMPARABLE
    if concept == "spo2" and code in SATURATION and _of_a_laboratory(each) and _codes(valued) <= SATURATION:
        return Reason.NOT_COMPARABLE
    return None


def _vessel(code: str, each: ObservationIn, refs: References) -> Reason | None:
    kinds = specimen_kinds(each.specimen, refs)
    if "specimen-arterial" in kinds:
        return None
    if kinds & NOT_ARTERIAL:
        return Reason.CONFLICT if code not in NEEDS_ARTERIAL else Reason.NOT_COMPARABLE
    return Reason.NOT_COMPARABLE if code in NEEDS_ARTERIAL else None


def _of_a_laboratory(each: ObservationIn) -> bool:
    return b'"laboratory"' in bytes(each.category)


def _codes(valued: Valued) -> frozenset[str]:
    return frozenset(coding.code for coding in valued.code.coding) if valued.code is not None else frozenset()


def _says(group: str, valued: Valued, each: ObservationIn) -> bool:
    notes = any(named(group, note.text) for note in each.note)
    return notes or bool(
        named_in(group, valued.code, each.code, each.method, *(valued.flags() or ()), *(each.flags() or ()))
    )


def is_estimated(valued: Valued, each: ObservationIn, refs: References) -> bool:
    """Whether method, interpretation, note or derivedFrom says that an oxygen fraction was not measured."""
    if _says("estimated", valued, each):
        return True
    return any(named("estimated", source.display) or _is_flow(refs.local(source), refs) for source in each.derived_from)


def _is_flow(reference: str, refs: References) -> bool:
    source = refs.observations.get(reference)
    codings = source.code.coding if source is not None and source.code is not None else []
    return any(coding.code in FLOW for coding in codings)
