"""The FHIR R4 resources that we write, built and checked with the R4B models of fhir.resources (the only import of
it).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import orjson


@cache
def model(name: str) -> Any:
    """The R4B model of a resource type; the root classes of the library are R5 and refuse valid R4."""
    return getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)


def checked(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource as plain JSON values, after its model has accepted it.

    Raises pydantic's ValidationError if it does not.
    """
    built = model(resource["resourceType"]).model_validate(resource)
    return dict(orjson.loads(built.model_dump_json(exclude_none=True)))
