"""Card lines as people read them: units without codes, and every date with its age (by construction, on every card)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rpild_rules.knowledge import Knowledge
    from rpild_rules.when import When

DATE = re.compile(r"(?<![\w/.-])(?P<day>\d{4}-\d\d-\d\d)(?: (?P<clock>\d\d:\d\d))?(?![\w-]|:\d)")
CODE = re.compile(r"(?<![\w/-])[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w/-])")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def plain_words(line: str, now: When, knowledge: Knowledge) -> str:
    """The line with units in their usual form, and each day followed by its age: `2026-11-01, 23 days ago`.

    A clock time is kept for today and yesterday only. A month or a year tells its age by itself.
    """
    at = datetime.fromisoformat(now.printed)
    ages = knowledge.texts.sections["age"]
    named = _names(line, knowledge.texts.sections["code_name"])
    return DATE.sub(lambda found: _aged(found, at, ages), _unit_words(named, knowledge.texts.sections["unit"]))


def _names(line: str, names: Mapping[str, str]) -> str:
    """Our own names of tests as people write them; those within an id of the chart stay."""
    return CODE.sub(lambda found: names.get(found[0], found[0]), line)


def _unit_words(line: str, units: Mapping[str, str]) -> str:
    for code, words in units.items():
        if code in line:
            line = re.sub(rf"(?<=\d ){re.escape(code)}(?![\w\[*/])", words, line)
    return line


def _aged(found: re.Match[str], now: datetime, ages: Mapping[str, str]) -> str:
    try:
        moment = datetime.fromisoformat(found[0])
    except ValueError:  # a number of the chart that only looks like a date
        return found[0]
    days, clock = (now.date() - moment.date()).days, found["clock"]
    if moment > now and (clock or days < 0):
        return f"{found[0]}, {ages['ahead']}"
    if days > 1 or not clock:
        return f"{found['day']}, {_days(days, ages)}"
    passed = now - moment
    key, unit = ("hours", HOUR) if passed >= HOUR else ("minutes", MINUTE)
    return f"{found[0]}, {ages[key].replace('{n}', str(passed // unit))}"


def _days(days: int, ages: Mapping[str, str]) -> str:
    return ages["days"].replace("{n}", str(days)) if days > 1 else ages["yesterday" if days else "today"]
