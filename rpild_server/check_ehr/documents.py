"""JSON of an EHR that is looked into without trusting its shape: what is not as expected counts as absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

Json = dict[str, Any]


def object_of(body: bytes) -> Json:
    """The JSON object of a body; an empty one if it is none."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def objects(content: object) -> Iterator[Json]:
    """The objects of a list; none if it is no list."""
    yield from (each for each in content if isinstance(each, dict)) if isinstance(content, list) else ()


def texts(content: object) -> frozenset[str]:
    """The texts of a list; none if it is no list."""
    return frozenset(each for each in content if isinstance(each, str)) if isinstance(content, list) else frozenset()


def text(content: object) -> str:
    """A text that may be printed; empty for anything else."""
    return "".join(each for each in content if each.isprintable())[:200] if isinstance(content, str) else ""


def resources_of(bundle: Json) -> Iterator[Json]:
    """The resources of a searchset, without what the server says about the search itself."""
    for entry in objects(bundle.get("entry")):
        resource = entry.get("resource")
        if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            yield resource
