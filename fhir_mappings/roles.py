"""The role codes of a signed-in user, from a PractitionerRole."""

from __future__ import annotations

import msgspec

from fhir_mappings.datatypes import Concept


class _Role(msgspec.Struct, rename="camel"):
    resource_type: str = ""
    code: list[Concept] = []


def read_roles(raw: bytes) -> frozenset[str]:
    """The codes of a PractitionerRole; none if it is something else or cannot be read."""
    try:
        role = msgspec.json.decode(raw, type=_Role)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return frozenset()
    if role.resource_type != "PractitionerRole":
        return frozenset()
    return frozenset(coding.code for concept in role.code for coding in concept.coding if coding.code)
