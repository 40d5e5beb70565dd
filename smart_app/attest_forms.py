"""From what a clinician entered to what may be stated: values of the contract only, errors by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal

from fhir_mappings.attestation_drafts import ComparedCt
from fhir_mappings.attestations import TABLE
from fhir_mappings.dates import read_time
from fhir_mappings.units import ATTESTED
from rpild_rules.facts import PatientFacts
from rpild_rules.when import When
from smart_app.attest_texts import say
from smart_app.ct_choices import Pair, read_pair

NUMBER = re.compile(r"[+-]?\d{1,4}(?:[.,]\d{1,2})?", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
YES, NO = "yes", "no"
METHODS = ("points", "relative")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Entered:
    """What a form says: a value of the contract, the compared CTs, how the figure was meant; or errors by field."""

    value: bool | Decimal | str = ""
    compared: tuple[ComparedCt, ...] = ()
    method: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def read_entered(code: str, form: Mapping[str, str], facts: PatientFacts, now: When) -> Entered:
    """The statement of a form about one of the codes of the contract. `facts` name the CTs of the chart."""
    form = {name: value[:LONGEST] for name, value in form.items()}
    row = TABLE[code]
    value, errors = READERS[row["value"]](code, form, now)
    method = ""
    if row["value"] == "percent":
        method, more = _method(form)
        errors |= more
    pair = read_pair(form, facts, bool(row.get("by_period")), now) if row.get("compares") else Pair()
    errors |= pair.errors
    if not KEY.fullmatch(form.get("key", "")):
        errors["key"] = say("error.key")
    return Entered(errors=errors) if errors else Entered(value, pair.compared, method)


Answer = tuple[bool | Decimal | str, dict[str, str]]


def _boolean(_code: str, form: Mapping[str, str], _now: When) -> Answer:
    chosen = form.get("value", "")
    return chosen == YES, {} if chosen in (YES, NO) else {"value": say("error.choose")}


def _word(code: str, form: Mapping[str, str], _now: When) -> Answer:
    chosen = form.get("value", "")
    return chosen, {} if chosen in TABLE[code]["words"] else {"value": say("error.choose")}


def _percent(code: str, form: Mapping[str, str], _now: When) -> Answer:
    text, scale = form.get("value", "").strip().removesuffix("%").strip().replace("\N{MINUS SIGN}", "-"), ATTESTED[code]
    if not NUMBER.fullmatch(text):
        return "", {"value": say("error.number")}
    number = Decimal(text.replace(",", "."))
    within = scale.low <= number <= scale.high
    return number, {} if within else {"value": say("error.range", low=scale.low, high=scale.high)}


def _time(_code: str, form: Mapping[str, str], now: When) -> Answer:
    text = form.get("value", "").strip()
    when = read_time(text, UTC)
    if when is None or when.exact:
        return "", {"value": say("error.date")}
    return text, {} if when.first <= now.last else {"value": say("error.future")}


READERS: Mapping[str, Callable[[str, Mapping[str, str], When], Answer]] = {
    "boolean": _boolean, "word": _word, "percent": _percent, "time": _time,
}  # fmt: skip


def _method(form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """In words, as it is stored."""
    chosen = form.get("method", "")
    if chosen not in METHODS:
        return "", {"method": say("error.method")}
    return say(f"field.method_{chosen}"), {}
