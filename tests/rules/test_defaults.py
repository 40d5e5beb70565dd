"""What a record does not say is empty, no, or none: the defaults of every class of the rules."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any

import rpild_rules
from rpild_rules.facts import Person, User

FOLDER = Path(rpild_rules.__file__).parent
MODULES = [import_module(f"rpild_rules.{path.stem}") for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__"]
EMPTY: tuple[Any, ...] = ("", False, None, (), frozenset())
# What stands for a silent record on purpose; every other default says nothing.
SAID: dict[tuple[str, str], Any] = {
    ("Assessment", "context"): "outOfScope", ("Assessment", "stage"): "outOfScope", ("Cause", "dated"): True,
    ("Edge", "kind"): "then", ("Fraction", "printed"): "FiO2 not recorded", ("Fraction", "reason"): "not-comparable",
    ("Infection", "status"): "unknown", ("Moment", "aged"): True, ("Order", "intent"): "order",
    ("PatientFacts", "person"): Person(), ("PatientFacts", "user"): User(), ("PatientFacts", "zone"): UTC,
    ("Remembered", "seal"): str, ("Series", "beside"): "never", ("Treatment", "intent"): "order",
    ("User", "kind"): "Practitioner",
}  # fmt: skip


def test_what_a_record_does_not_say_is_empty() -> None:
    found = {
        (name, field.name): field.default
        for module in MODULES
        for name, each in getmembers(module, isclass)
        if is_dataclass(each) and each.__module__ == module.__name__
        for field in fields(each)
        if field.default is not MISSING
    }
    assert {("Person", "sex"), ("Diagnosis", "onset_text"), ("Unreadable", "printed")} <= found.keys()
    assert {key: value for key, value in found.items() if value not in EMPTY} == SAID
