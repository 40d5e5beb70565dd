"""Offsets from now, as patient files write them, turned into FHIR dates and instants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

OFFSET = re.compile(r"(?P<sign>[+-])(?P<parts>(?:\d+[dhmD])+)")
PART = re.compile(r"(\d+)([dhmD])")
SPANS = {"d": timedelta(days=1), "D": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class OffsetError(ValueError):
    """A time in a patient file that is not an offset such as -3d, -4h30m or -18D."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """A FHIR instant in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Clock:
    """The moment at which a chart is looked at; everything in the chart lies at an offset from it."""

    now: datetime

    def moment(self, offset: str) -> datetime:
        """The instant at an offset: `-3d`, `-6h`, `-4h30m`, `now`."""
        if offset == "now":
            return self.now
        match = OFFSET.fullmatch(offset)
        if not match:
            raise OffsetError(f"{offset!r} is not an offset from now: write for example -3d, -4h30m, or -18D for a day")
        span = sum((int(count) * SPANS[unit] for count, unit in PART.findall(match["parts"])), timedelta())
        return self.now - span if match["sign"] == "-" else self.now + span

    def fhir(self, offset: str) -> str:
        """The same as FHIR: an instant, or a calendar day if the offset ends with a capital D."""
        moment = self.moment(offset)
        return moment.date().isoformat() if offset.endswith("D") else instant(moment)
