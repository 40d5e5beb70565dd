"""What a record of the rules holds where nothing was said: nothing, with the exceptions told here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import rpild_rules
from rpild_rules.facts import Person, User
from rpild_rules.findings import Reason, Status

SAID = {
    "assessment.Situation.infection.status": Status.UNKNOWN,
    "assessment.Assessment.context": "outOfScope",
    "assessment.Assessment.stage": "outOfScope",
    "definition.Moment.aged": True,
    "facts.Treatment.intent": "order",
    "facts.Order.intent": "order",
    "facts.User.kind": "Practitioner",
    "facts.PatientFacts.person": Person(None, ""),
    "facts.PatientFacts.user": User(),
    "facts.PatientFacts.zone": UTC,
    "fatigue.Remembered.seal": str,
    "infection.Infection.status": Status.UNKNOWN,
    "oxygen.Fraction.reason": Reason.NOT_COMPARABLE,
    "oxygen.Fraction.printed": "FiO2 not recorded",
    "pathway_rows.Edge.kind": "then",
    "risk.Cause.dated": True,
    "rows.Series.beside": "never",
}


def defaults() -> Iterator[tuple[str, Any]]:
    """Every default of every class of the rules; of a record as default, its own."""
    for path in sorted(Path(rpild_rules.__file__).parent.glob("*.py")):
        module = importlib.import_module(f"rpild_rules.{path.stem}")
        for name, kind in sorted(vars(module).items()):
            if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__:
                yield from _of(f"{path.stem}.{name}", kind)


def _of(name: str, kind: Any) -> Iterator[tuple[str, Any]]:
    for each in fields(kind):
        if each.default is not MISSING or each.default_factory is not MISSING:
            yield from _parts(f"{name}.{each.name}", _default(each))


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _parts(name: str, default: Any) -> Iterator[tuple[str, Any]]:
    if name in SAID or not is_dataclass(default):
        yield name, default
    else:
        yield from ((f"{name}.{each.name}", getattr(default, each.name)) for each in fields(default))


def test_what_was_not_said_is_empty() -> None:
    found = dict(defaults())
    assert len(found) > 100
    assert {name: default for name, default in found.items() if default} == SAID


def test_yes_and_no_are_no_and_words_are_empty_words() -> None:
    """Not one empty thing for another: a text is no None, a list no text."""
    kinds = {type(default) for _, default in defaults()}
    assert {bool, str, tuple, frozenset, type(None)} <= kinds
    told = {name: default for name, default in defaults() if name.startswith(("facts.", "measured.", "rows."))}
    assert told["measured.TestResult.organism"] == told["measured.TestResult.specimen"] == ""
    assert [name for name, default in told.items() if isinstance(default, int) and not isinstance(default, bool)] == []
