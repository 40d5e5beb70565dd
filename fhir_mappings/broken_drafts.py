"""Draft orders that do not fit FHIR, read as far as they can be: an order that is about to be signed is never passed
over because another part of it is malformed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

from fhir_mappings.decode import SINGLES
from fhir_mappings.lenient import UNDECODABLE, decode_leniently

WHOSE = frozenset({"subject", "patient"})


class _Kind(Struct, rename="camel"):
    resource_type: str


class _Entry(Struct):
    resource: dict[str, Raw]


KINDS = Decoder(_Kind)
ENTRIES = Decoder(_Entry)
ENCODER = Encoder()


def mended(entry: bytes, kinds: frozenset[str]) -> bytes | None:
    """A Bundle entry without the members of its resource that cannot be read; None if the resource is of none of these
    kinds, or does not tell whose it is.
    """
    try:
        members = ENTRIES.decode(entry).resource
        kind = KINDS.decode(ENCODER.encode(members)).resource_type
    except UNDECODABLE:
        return None
    if kind not in kinds:
        return None
    readable = dict(_readable(SINGLES[kind], members))
    return None if WHOSE & (members.keys() - readable.keys()) else ENCODER.encode({"resource": readable})


def _readable(decoder: Decoder[object], members: Mapping[str, Raw]) -> Iterator[tuple[str, Raw]]:
    for name, value in members.items():
        if decode_leniently(decoder, ENCODER.encode({name: value})) is not None:
            yield name, value
