"""The rules of CDS Hooks 2.0.1 for discovery, request, response and feedback, as the JSON Schemas that we publish."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from cds_hooks.openapi import SCHEMAS


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(name: str, document: Any) -> list[str]:
    """What is wrong with a document, each fault with its place; empty if it is in order."""
    found = sorted(validator(name).iter_errors(document), key=lambda each: list(map(str, each.absolute_path)))
    return [f"{'.'.join(map(str, each.absolute_path)) or 'root'}: {each.message[:200]}" for each in found]
