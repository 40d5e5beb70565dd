"""Frozen dataclasses back from JSON, by their type hints; numbers are read as exact decimals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

Build = Callable[..., Any]


def parse(text: bytes) -> Any:
    """JSON with every number as a Decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def rebuild(kind: Any, value: Any) -> Any:
    """The value of a type, such as a dataclass, `tuple[str, ...]` or `Decimal | None`, from parsed JSON."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _of_union(get_args(kind), value)
    if origin is not None:
        return _of_collection(origin, get_args(kind), value)
    if is_dataclass(kind):
        make: Build = kind  # type: ignore[assignment]
        return make(**{name: rebuild(hint, value[name]) for name, hint in hints(make).items()})
    return _of_plain(kind, value)


@cache
def hints(kind: Any) -> dict[str, Any]:
    """The fields that are given at the making, and their types."""
    found = get_type_hints(kind)
    return {each.name: found[each.name] for each in fields(kind) if each.init}


def _of_union(kinds: tuple[Any, ...], value: Any) -> Any:
    """The member that a JSON value can be; no union here has two members of one JSON form."""
    if value is None:
        return None
    return rebuild(next(each for each in kinds if each is not NoneType and _fits(each, value)), value)


def _fits(kind: Any, value: Any) -> bool:
    if is_dataclass(kind):
        return isinstance(value, dict)
    form = {bool: bool, Decimal: Decimal, int: Decimal}.get(kind, str)
    return isinstance(value, form)


def _of_collection(origin: Any, kinds: tuple[Any, ...], value: Any) -> Any:
    if issubclass(origin, Mapping):
        return MappingProxyType({key: rebuild(kinds[1], each) for key, each in value.items()})
    return origin(rebuild(kinds[0], each) for each in value)


def _of_plain(kind: Any, value: Any) -> Any:
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(value)
    if issubclass(kind, tzinfo):
        return ZoneInfo(value)
    if issubclass(kind, Enum) or kind is int:
        return kind(value)
    return value
