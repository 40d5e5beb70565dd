"""Rows for a site mapping, proposed from what a site sends: to be reviewed, completed and signed by a person."""

from __future__ import annotations

import orjson

from fhir_mappings.code_tables import SYSTEMS
from fhir_mappings.coverage import Sent, SentAnswer, SentUnit
from rpild_server.counted import counted

OWN_MEANING = ": a public code with a meaning of its own, check specimen and method"
OWN_DIAGNOSIS = ": a public code with a meaning of its own, check that it says the same"
ANSWERS = "qual-positive, qual-weak, qual-negative or qual-indeterminate"


def code_row(sent: Sent, number: int, concept: str) -> str:
    """A row for a code or text that was sent `number` times and is not mapped."""
    what = f"system = {_toml(sent.system)}\ncode = {_toml(sent.code)}" if sent.code else f"text = {_toml(sent.text)}"
    head = f"[[{'code' if sent.code else 'text'}]]  # sent {counted(number, 'time')} as {_toml(sent.text)}"
    own = OWN_MEANING if sent.kind == "Observation" else OWN_DIAGNOSIS
    return f"{head}{own if sent.system in SYSTEMS else ''}\n{what}\n{_to_sign(concept)}"


def answer_row(answer: SentAnswer, number: int) -> str:
    """A row for the code of an answer that is not read; what it means, a person has to say."""
    head = (
        f"[[code]]  # an answer to {answer.concept}, sent {counted(number, 'time')} as {_toml(answer.text)}: {ANSWERS}"
    )
    return f"{head}\nsystem = {_toml(answer.system)}\ncode = {_toml(answer.code)}\n{_to_sign('')}"


def unit_row(unit: SentUnit) -> str:
    """A row for a spelling of a unit that is not known."""
    return f'[[unit]]\nunit = {_toml(unit.unit)}\nequals = ""\n{_to_sign(unit.concept)}'


def _toml(text: str) -> str:
    return orjson.dumps(text).decode()


def _to_sign(concept: str) -> str:
    return f'concept = "{concept}"\nauthor = ""\ndate = ""\nreason = ""\n'
