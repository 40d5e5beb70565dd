"""What an EHR sends and no rule reads: the codes of such Observations, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from fhir_mappings.datatypes import Coding
from fhir_mappings.decode import Decoded
from fhir_mappings.observations import matters

OBSERVATIONS = "Observation"
TEXT_ONLY = "text only"


def unread_codes(decoded: Mapping[str, Decoded]) -> Counter[str]:
    """`system|code` of Observations that no rule reads. A text is not repeated: it may hold anything."""
    found = (each for one in decoded.values() if one.kind == OBSERVATIONS for each in one.resources)
    return Counter(_code(each.code.coding) for each in found if each.code is not None and not matters(each))


def _code(codings: Iterable[Coding]) -> str:
    return next((f"{each.system}|{each.code}" for each in codings if each.code), TEXT_ONLY)
