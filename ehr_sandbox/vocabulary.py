"""The EHR's own names for tests, problems, drugs and orders, each with the coding it is filed under."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from ehr_sandbox.fhir_json import Json

FILE = Path(__file__).parent / "vocabulary.toml"


class VocabularyError(ValueError):
    """A word in a patient or order file that the vocabulary does not know."""


@cache
def tables() -> dict[str, dict[str, Any]]:
    """The vocabulary file: table name to its entries."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def entry(table: str, word: str) -> Json:
    """One entry; raises VocabularyError with the table to mend."""
    found = tables()[table].get(word)
    if found is None:
        raise VocabularyError(f"no {word!r} under [{table}] of {FILE.name}: add it there or correct the word")
    return dict(found)


def concept(table: str, word: str) -> Json:
    """A CodeableConcept: the EHR's name as text, and its coding if it has one."""
    found = entry(table, word)
    systems = tables()["systems"]
    keys = [key for key in systems if key in found]
    codings = [{"system": systems[key], "code": found[key], "display": found["name"]} for key in keys]
    return ({"coding": codings} if codings else {}) | {"text": found["name"]}
