"""The description of the services for machines: openapi.json with the schemas of requests and answers put in."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import orjson

DOCUMENT = Path(__file__).with_name("openapi.json")
SCHEMAS = Path(__file__).with_name("schemas")


@cache
def openapi() -> bytes:
    """The OpenAPI 3.1 document, as JSON."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for path in sorted(SCHEMAS.glob("*.json")):
        document["components"]["schemas"] |= _hoisted(path.stem.capitalize(), path.read_text(encoding="utf-8"))
    return orjson.dumps(document)


def _hoisted(name: str, text: str) -> dict[str, Any]:
    """A schema and its parts under names of their own, since in one document all references start at the root."""
    schema = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{name}.'))
    parts = schema.pop("$defs", {})
    schema.pop("$schema")
    return {name: schema} | {f"{name}.{part}": content for part, content in parts.items()}
