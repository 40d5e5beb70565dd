"""FHIR date search: every date is an interval, and prefixes compare intervals (FHIR R4, Search, section date)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

Interval = tuple[datetime, datetime]

PARTS = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(?P<fraction>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)
PREFIXED = re.compile(r"(?P<prefix>eq|ne|gt|lt|ge|le|sa|eb)?(?P<date>\d{4}.*)")
TICK = timedelta(microseconds=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

COMPARE: dict[str, Callable[[Interval, Interval], bool]] = {
    "eq": lambda found, asked: asked[0] <= found[0] and found[1] <= asked[1],
    "ne": lambda found, asked: not (asked[0] <= found[0] and found[1] <= asked[1]),
    "gt": lambda found, asked: found[1] > asked[1],
    "lt": lambda found, asked: found[0] < asked[0],
    "ge": lambda found, asked: found[1] >= asked[0],
    "le": lambda found, asked: found[0] <= asked[1],
    "sa": lambda found, asked: found[0] > asked[1],
    "eb": lambda found, asked: found[1] < asked[0],
}


def interval(text: str) -> Interval:
    """The first and last instant that a date, dateTime or instant can mean; UTC without a zone. Raises ValueError."""
    match = PARTS.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a FHIR date")
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    if match["hour"]:
        return _instants(match)
    last_month = month if match["month"] else 12
    last_day = day if match["day"] else calendar.monthrange(year, last_month)[1]
    after = datetime(year, last_month, last_day, tzinfo=UTC) + timedelta(days=1)
    return datetime(year, month, day, tzinfo=UTC), after - TICK


def _instants(match: re.Match[str]) -> Interval:
    text = match[0] if match["zone"] else f"{match[0]}Z"
    start = datetime.fromisoformat(text).astimezone(UTC)
    width = TICK if match["fraction"] else timedelta(seconds=1) if match["second"] else timedelta(minutes=1)
    return start, start + width - TICK


def found_interval(value: Any) -> Interval | None:
    """The interval of an element: a date, or a Period whose missing ends are open."""
    if isinstance(value, dict):
        start = interval(value["start"])[0] if "start" in value else FIRST
        return start, interval(value["end"])[1] if "end" in value else LAST
    return interval(value) if isinstance(value, str) else None


def date_test(wanted: str) -> Callable[[Any], bool]:
    """A search value such as `ge2026-01` as a test on an element. ValueError if it cannot be read."""
    match = PREFIXED.fullmatch(wanted.replace(" ", "+"))
    if not match:
        raise ValueError(f"{wanted!r} is not a date with an optional prefix (eq ne gt lt ge le sa eb)")
    asked, compare = interval(match["date"]), COMPARE[match["prefix"] or "eq"]

    def test(value: Any) -> bool:
        found = found_interval(value)
        return found is not None and compare(found, asked)

    return test
