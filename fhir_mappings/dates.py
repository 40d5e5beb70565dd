"""FHIR dates, dateTimes, instants and periods to times as precise as the chart gives them (decisions K3, K4)."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from fhir_mappings.datatypes import Period
from rpild_rules.when import When

INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?\Z", re.ASCII)
PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)
SECOND = timedelta(seconds=1)
LEAP = ":60"
Reader = Callable[[str], When | None]


class _Times(dict[str, When | None]):
    """The times of one chart by their spelling; each is read when it is first asked for."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__({"": None})
        self._zone = zone

    def __missing__(self, text: str) -> When | None:
        found = self[text] = read_time(text, self._zone)
        return found


def reader(zone: tzinfo) -> Reader:
    """A reader of FHIR times for one site's time zone; it remembers what it has read."""
    return _Times(zone).__getitem__


def read_time(text: str, zone: tzinfo, of_issue: bool = False) -> When | None:
    """The time that a FHIR date, dateTime or instant means, or None if it is none.

    A clock time without a zone is no instant: it is read as its day at the site.
    """
    try:
        clock = INSTANT.match(text)
        if clock is None:
            return _partial(text, zone)
        return _instant(clock, zone, of_issue)
    except (ValueError, OverflowError):
        return None


def _instant(clock: re.Match[str], zone: tzinfo, of_issue: bool) -> When:
    if clock.string.startswith(LEAP, 16):  # a leap second is the one after :59
        day, minute, _, fraction, offset = clock.groups()
        moment = datetime.fromisoformat(f"{day}T{minute}:59{fraction or ''}{offset or ''}") + SECOND
    else:
        moment = datetime.fromisoformat(clock.string)
    if moment.tzinfo is None:
        return When.days(moment.date(), moment.date(), zone, clock[1])
    return When.at(moment, zone, of_issue)


def _partial(text: str, zone: tzinfo) -> When | None:
    parts = PARTIAL.match(text)
    if parts is None:
        return None
    year, month, day = (int(part) if part else 0 for part in parts.groups())
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    return When.days(date(year, month or 1, day or 1), date(year, last_month, last_day), zone, text)


def span(period: Period | None, read: Reader) -> tuple[When | None, When | None]:
    """Start and end of a Period."""
    return (read(period.start), read(period.end)) if period is not None else (None, None)


def effective(resource: Any, read: Reader, zone: tzinfo) -> When | None:
    """The time of an Observation or report: effective, else the end of its period, else its issue, marked (K5)."""
    when = read(resource.effective_date_time) or read(getattr(resource, "effective_instant", ""))
    if when is not None:
        return when
    start, end = span(resource.effective_period, read)
    return end or start or read_time(resource.issued, zone, of_issue=True)
