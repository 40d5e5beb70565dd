"""The results of a chart as the page shows them: one row per test, newest value first, with a trend where it helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ehr_sandbox.fhir_json import Json
from ehr_sandbox.search_dates import interval
from ehr_sandbox.trends import Reading, Trend, draw
from ehr_sandbox.vocabulary import tables

GROUPS = {"laboratory": "Laboratory and gases", "procedure": "Lung function", "vital-signs": "Observations"}
UNITS = {"mm[Hg]": "mmHg", "10*3/uL": "×10³/µL", "Cel": "°C", "mL/min/mm[Hg]": "mL/min/mmHg", "[pH]": ""}


@dataclass(frozen=True)
class Value:
    """One result in print: the words, the time, and its `flag` (`high`, `low`, `abnormal` or empty)."""

    text: str
    when: str
    moment: datetime
    flag: str
    note: str
    number: float | None
    unit: str


@dataclass(frozen=True)
class Row:
    """One test: its values, newest first, the usual range, and the picture."""

    name: str
    values: tuple[Value, ...]
    limits: str
    trend: Trend | None


def result_groups(resources: list[Json]) -> list[tuple[str, list[Row]]]:
    """(heading, rows) for each group that has results, in the vocabulary's order."""
    found = [each for each in resources if each["resourceType"] == "Observation"]
    return [(heading, rows) for group, heading in GROUPS.items() if (rows := list(_rows(found, group)))]


def _rows(observations: list[Json], group: str) -> Iterator[Row]:
    for word, known in tables()["tests"].items():
        factors = tables()["convert"].get(word, {})
        mine = [each for each in observations if known["group"] == group and each["code"]["text"] == known["name"]]
        if mine:
            values = [_value(each, known, factors) for each in mine]
            values.sort(key=lambda value: value.moment, reverse=True)
            trend = _trend(values, known) if known.get("picture") else None
            yield Row(known["name"], tuple(values), _limits(known), trend)


def _value(observation: Json, known: Json, factors: Json) -> Value:
    when = str(observation["effectiveDateTime"])
    quantity = observation.get("valueQuantity", {})
    text = (
        _printed_number(quantity, known.get("digits")) if quantity else str(observation["valueCodeableConcept"]["text"])
    )
    unit = str(quantity.get("unit", ""))
    number = None if "comparator" in quantity else quantity.get("value")
    words, moment = _with_unit(text, unit, quantity), interval(when)[0]
    compared = _compared(quantity, known, factors)
    if compared is not None and unit != known.get("unit"):
        words += f" = {float(f'{compared:.3g}'):g} {UNITS.get(known['unit'], known['unit'])}"
    notes = [] if observation["status"] == "final" else [str(observation["status"])]
    if quantity and compared is None and known.keys() & {"low", "high"}:
        notes.append("not compared: another unit")
    return Value(words, printed(when), moment, _flag(observation, compared, known), ", ".join(notes), number, unit)


def _compared(quantity: Json, known: Json, factors: Json) -> float | None:
    """The value in the test's usual unit; None for a value in a unit that this EHR cannot convert."""
    unit = quantity.get("unit", "")
    factor = 1 if unit == known.get("unit") else factors.get(unit)
    return None if factor is None or "value" not in quantity else float(quantity["value"]) * factor


def _printed_number(quantity: Json, digits: int | None) -> str:
    value = quantity["value"]
    return f"{quantity.get('comparator', '')}{value:g}" if digits is None else f"{value:.{digits}f}"


def _with_unit(text: str, unit: str, quantity: Json) -> str:
    if quantity and not unit:
        return f"{text} (no unit)"
    return f"{text} {UNITS.get(unit, unit)}".strip()


def _flag(observation: Json, compared: float | None, known: Json) -> str:
    if observation.get("valueCodeableConcept", {}).get("text") == "Positive":
        return "abnormal"
    if compared is None or observation["status"] == "cancelled":
        return ""
    if compared > known.get("high", float("inf")):
        return "high"
    return "low" if compared < known.get("low", float("-inf")) else ""


def _limits(known: Json) -> str:
    unit, low, high = UNITS.get(known.get("unit", ""), known.get("unit", "")), known.get("low"), known.get("high")
    if low is not None and high is not None:
        return f"{low:g}–{high:g} {unit}".strip()
    if high is not None:
        return f"< {high:g} {unit}"
    return f"> {low:g} {unit}" if low is not None else ""


def _trend(values: list[Value], known: Json) -> Trend | None:
    """Only values in the unit of the newest one are comparable, and a comparator is no number."""
    unit = values[0].unit
    same = [value for value in reversed(values) if value.unit == unit and value.number is not None]
    readings = [Reading(value.moment, float(value.number or 0), f"{value.text}, {value.when}") for value in same]
    usual = unit == known.get("unit")
    return draw(readings, known.get("low") if usual else None, known.get("high") if usual else None)


def printed(when: str) -> str:
    """A FHIR date or instant as the page prints it: `24 Nov 2026` or `24 Nov 2026, 09:30`."""
    moment = interval(when)[0]
    day = f"{moment.day} {moment:%b %Y}"
    return f"{day}, {moment:%H:%M}" if "T" in when else day
