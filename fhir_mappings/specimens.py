"""What a specimen is, by its Specimen resource or by the words beside the reference."""

from __future__ import annotations

from fhir_mappings.code_tables import NOTHING, concepts_of
from fhir_mappings.datatypes import Reference
from fhir_mappings.references import References
from fhir_mappings.words import named, named_in, shown


def specimen_kinds(reference: Reference | None, refs: References) -> frozenset[str]:
    """The specimen concepts (`specimen-arterial`, ...) of an Observation's specimen."""
    if reference is None:
        return NOTHING
    specimen = refs.specimens.get(refs.local(reference))
    if specimen is None:
        return named("specimen", reference.display)
    return concepts_of(specimen.type) | named_in("specimen", specimen.type)


def specimen_text(reference: Reference | None, refs: References) -> str:
    """The specimen in words, or empty."""
    if reference is None:
        return ""
    specimen = refs.specimens.get(refs.local(reference))
    return shown(specimen.type) if specimen is not None else reference.display
