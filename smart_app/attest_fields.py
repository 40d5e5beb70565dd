"""The fields of a statement's form, filled with what was entered before and marked where that was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from fhir_mappings.attestations import TABLE
from rpild_rules.facts import PatientFacts
from smart_app.attest_forms import METHODS, NO, YES
from smart_app.attest_texts import say
from smart_app.ct_choices import OUTSIDE, SIDES, ct_scans, label_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One control. `kind` is `radio`, `select` or `text`; `id` is unique on the page; `error` is in words.

    `focus`: the first that has to be corrected.
    """

    kind: str
    id: str
    name: str
    label: str
    hint: str = ""
    error: str = ""
    value: str = ""
    numeric: bool = False
    choices: tuple[Choice, ...] = ()
    focus: bool = False


def fields_of(code: str, facts: PatientFacts, form: Mapping[str, str], errors: Mapping[str, str]) -> tuple[Field, ...]:
    """The fields of one statement, in order."""
    fields = tuple(_fields(code, facts, form, errors))
    first = next((each for each in fields if each.error), None)
    return tuple(replace(each, focus=True) if each is first else each for each in fields)


def _fields(code: str, facts: PatientFacts, form: Mapping[str, str], errors: Mapping[str, str]) -> Iterator[Field]:
    row, made = TABLE[code], _Made(code, form, errors)
    yield from ASKING[row["value"]](made)
    if row.get("compares"):
        yield from _cts(made, facts, bool(row.get("by_period")))


def _cts(made: _Made, facts: PatientFacts, dated: bool) -> Iterator[Field]:
    known = {each.reference: label_of(each) for each in ct_scans(facts)}
    choices = {"": say("field.none_chosen"), **known, OUTSIDE: say("field.outside")}
    for side in SIDES:
        yield made.select(side, side, choices)
        if dated:
            yield made.text(f"{side}_date", f"{side}_date", "ct_date_hint")


@dataclass(frozen=True, slots=True)
class _Made:
    """Makes the fields of one form."""

    code: str
    form: Mapping[str, str]
    errors: Mapping[str, str]

    def text(self, name: str, label: str, hint: str, numeric: bool = False) -> Field:
        return Field(
            "text", f"{self.code}-{name}", name, say(f"field.{label}"), say(f"field.{hint}"),
            self.errors.get(name, ""), self.form.get(name, ""), numeric,
        )  # fmt: skip

    def radio(self, name: str, label: str, choices: Mapping[str, str]) -> Field:
        return self._of_choices("radio", name, label, choices)

    def select(self, name: str, label: str, choices: Mapping[str, str]) -> Field:
        return self._of_choices("select", name, label, choices)

    def _of_choices(self, kind: str, name: str, label: str, choices: Mapping[str, str]) -> Field:
        chosen = self.form.get(name, "")
        made = tuple(Choice(value, text, value == chosen) for value, text in choices.items())
        error = self.errors.get(name, "")
        return Field(kind, f"{self.code}-{name}", name, say(f"field.{label}"), error=error, choices=made)


def _boolean(made: _Made) -> Iterator[Field]:
    yield made.radio("value", "answer", {YES: say("standing.yes"), NO: say("standing.no")})


def _word(made: _Made) -> Iterator[Field]:
    yield made.radio("value", "answer", {word: say(f"{made.code}.{word}") for word in TABLE[made.code]["words"]})


def _time(made: _Made) -> Iterator[Field]:
    yield made.text("value", "onset", "onset_hint")


def _percent(made: _Made) -> Iterator[Field]:
    yield made.text("value", "percent", "percent_hint", numeric=True)
    yield made.radio("method", "method", {each: say(f"field.method_{each}") for each in METHODS})


ASKING: Mapping[str, Callable[[_Made], Iterator[Field]]] = {
    "boolean": _boolean, "word": _word, "time": _time, "percent": _percent,
}  # fmt: skip
