"""One signed setting of the rules, and how its TOML table is read or refused."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import TYPE_CHECKING

from rpild_rules.references import DESIGN
from rpild_rules.strict_toml import Place, choice_at, day_at, table_at, text_at, texts_at
from rpild_rules.when import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rpild_rules.references import Reference

Value = Decimal | bool | str | tuple[Decimal, ...] | tuple[str, ...]

TESTS = {"above": operator.gt, "at least": operator.ge, "below": operator.lt, "at most": operator.le}
SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}
CALENDAR_UNITS = frozenset({"d"})
CHOICE, WORDS, BOOLEAN = "choice", "words", "boolean"
MEASURES = (
    "y", "%", "fraction", "ratio", "count", "mmHg", "pH", "Cel", "ng/mL", "mg/L", "U/L", "10*9/L", "g/dL", "mmol/L",
    "mL/min/{1.73_m2}", "mg", "mg/d",
)  # fmt: skip
UNITS = frozenset({*SPANS, *MEASURES, CHOICE, WORDS, BOOLEAN})
CEILINGS = {"%": Decimal(100), "fraction": Decimal(1)}
PUBLISHED, PROPOSED = "published", "proposed"
REQUIRED = ("title", "value", "unit", "source", "where", "reviewed", "status")
OPTIONAL = ("test", "choices", "note")
NO_COMPARISON = "parameter {} is no comparison; give it a number and a test in rpild_rules/parameters"
NAME = re.compile(r"[a-z][a-z0-9]*(_[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One signed setting.

    `value` is a Decimal in `unit`, a bool (unit `boolean`), one of `choices` (unit `choice`), or a tuple of numbers or
    words. `test` says how a measured value is compared with it; empty where it is no comparison. `source` is a key of
    references.toml, `where` the place in it, `reviewed` the day the source was last looked at, `status` `published`
    (a number of the source) or `proposed` (our design, for a clinician to sign). `window` is set for units of time.
    """

    name: str
    title: str
    value: Value
    unit: str
    test: str
    source: str
    where: str
    reviewed: date
    status: str
    choices: tuple[str, ...] = ()
    note: str = ""
    window: Window | None = field(default=None, compare=False)

    def holds(self, value: Decimal) -> bool:
        """Whether a measured value passes this setting's own test; `above` and `below` are strict."""
        return self.holds_ratio(value, Decimal(1))

    def holds_ratio(self, numerator: Decimal, denominator: Decimal) -> bool:
        """Whether numerator / denominator passes the test, decided without dividing; the denominator is positive."""
        if not self.test or not isinstance(self.value, Decimal):
            raise TypeError(NO_COMPARISON.format(self.name))
        return bool(TESTS[self.test](numerator, self.value * denominator))

    def changed(self, value: Value) -> Parameter:
        """The same setting with a site's value."""
        return replace(self, value=value, window=window_of(value, self.unit))

    @property
    def printed(self) -> str:
        """The value as written for people, without its unit."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return ", ".join(str(each).lower() if isinstance(each, bool) else str(each) for each in values)


def read_parameter(place: Place, raw: object, sources: Mapping[str, Reference]) -> Parameter:
    """One TOML table as a signed setting named by `place.key`."""
    if not NAME.fullmatch(place.key):
        place.refuse("is not a parameter name", "Use lower-case words joined by underscores.")
    table = table_at(place, raw, REQUIRED, OPTIONAL)
    unit, choices = choice_at(place, table, "unit", UNITS), _choices(place, table)
    value = read_value(place, table["value"], unit, choices, many=isinstance(table["value"], list))
    return Parameter(
        name=place.key, title=text_at(place, table, "title"), value=value, unit=unit, test=_test(place, table, value),
        source=_source(place, table, sources), where=text_at(place, table, "where"),
        reviewed=day_at(place, table, "reviewed"), status=_status(place, table, sources), choices=choices,
        note=text_at(place, table, "note") if "note" in table else "", window=window_of(value, unit),
    )  # fmt: skip


def read_value(place: Place, raw: object, unit: str, choices: tuple[str, ...], many: bool) -> Value:
    """A value in the type that its unit asks for; never a float, so that numbers stay exact."""
    if unit == BOOLEAN:
        return raw if isinstance(raw, bool) else place.refuse("value is not true or false", "Write true or false.")
    if isinstance(raw, list) != many or raw == []:
        place.refuse("value is a list where one value belongs, or the reverse, or empty", "Keep the shipped shape.")
    if unit in {CHOICE, WORDS}:
        words = tuple(_word(place, each, choices) for each in _each(raw))
        return words if many else words[0]
    numbers = tuple(_number(place, each, unit) for each in _each(raw))
    if any(high <= low for high, low in pairwise(numbers)):
        place.refuse("bands are not in falling order", "List them from the highest down.")
    return numbers if many else numbers[0]


def window_of(value: Value, unit: str) -> Window | None:
    """The span of a time setting; None for everything else."""
    if unit not in SPANS or not isinstance(value, Decimal):
        return None
    numerator, denominator = value.as_integer_ratio()
    return Window(SPANS[unit] * numerator / denominator, unit in CALENDAR_UNITS)


def _each(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else [raw]


def _word(place: Place, raw: object, choices: tuple[str, ...]) -> str:
    if not isinstance(raw, str) or not raw.strip():
        place.refuse("value is not a word", 'Write it in quotes, value = "word".')
    if choices and raw not in choices:
        place.refuse(f"value {raw!r} is not a choice", f"Use one of: {', '.join(choices)}.")
    return raw


def _number(place: Place, raw: object, unit: str) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        place.refuse("value is not an exact number", 'Write decimals in quotes, value = "0.5", or a whole number.')
    try:
        number = Decimal(raw)
    except InvalidOperation:
        place.refuse(f"value {raw!r} is not a number", 'Write it as value = "0.5" or a whole number.')
    if not number.is_finite() or number.is_signed() or number > CEILINGS.get(unit, number):
        place.refuse(f"value {number} is not possible in unit {unit!r}", "Give a number that the unit can have.")
    return number


def _choices(place: Place, table: Mapping[str, object]) -> tuple[str, ...]:
    choices = texts_at(place, table, "choices")
    if (table["unit"] == CHOICE) != bool(choices):
        place.refuse("choices and unit do not fit", 'Give choices with unit = "choice", and only there.')
    return choices


def _test(place: Place, table: Mapping[str, object], value: Value) -> str:
    if "test" not in table:
        return ""
    first = value[0] if isinstance(value, tuple) else value
    if not isinstance(first, Decimal):
        place.refuse("test without a number", "Remove test, or give a number and its unit.")
    return choice_at(place, table, "test", TESTS)


def _source(place: Place, table: Mapping[str, object], sources: Mapping[str, Reference]) -> str:
    source = text_at(place, table, "source")
    if source not in sources:
        place.refuse(f"source {source!r} is not in references.toml", "Add the reference there or correct the key.")
    return source


def _status(place: Place, table: Mapping[str, object], sources: Mapping[str, Reference]) -> str:
    status = choice_at(place, table, "status", (PUBLISHED, PROPOSED))
    if status == PUBLISHED and sources[_source(place, table, sources)].kind == DESIGN:
        place.refuse("published, but its source is our own design", "Name the publication, or write proposed.")
    return status
