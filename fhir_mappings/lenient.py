"""JSON that a strict decoder refuses, read once more without its null members."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
UNDECODABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError, InvalidOperation)
LOOSE = msgspec.json.Decoder(float_hook=Decimal)
PLAIN = msgspec.json.Encoder(decimal_format="number")


def decode_leniently(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T | None:
    """The value as it stands, else without its null members, else None."""
    try:
        return decoder.decode(raw)
    except UNDECODABLE:
        return _without_nulls(decoder, raw)


def _without_nulls(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T | None:
    try:
        return decoder.decode(PLAIN.encode(_dense(LOOSE.decode(raw))))
    except UNDECODABLE:
        return None


def _dense(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _dense(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_dense(member) for member in value if member is not None]
    return value
