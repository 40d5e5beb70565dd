"""Times as precisely as the chart gives them, and three-valued answers about windows (decisions K3, K4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Status
from rpild_rules.values import value

TOLERANCE = timedelta(hours=1)
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_OF_DAY = time.max.replace(fold=1)  # where clocks go back at midnight, the last minute of a day comes twice


@value(frozen=True, slots=True)
class Window:
    """A span of time that a rule allows: in calendar days (K3), or in hours and minutes."""

    span: timedelta
    calendar: bool


@value(frozen=True, slots=True)
class When:
    """A time of the chart: the instants (UTC) and the site's calendar days it can mean, both ends included.

    `exact` tells an instant from a day, month or year. `of_issue` marks a time of issue that stands in for a missing
    effective time. `printed` is the form shown to people.
    """

    earliest: datetime
    latest: datetime
    first: date
    last: date
    exact: bool
    printed: str
    of_issue: bool = False

    @classmethod
    def at(cls, moment: datetime, zone: tzinfo, of_issue: bool = False) -> When:
        """An instant; `moment` carries a zone, the day is the site's."""
        utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        local = utc if zone is UTC else utc.astimezone(zone)
        day = local.date()
        printed = f"{day.isoformat()} {local.time().isoformat('minutes')}"
        return cls(utc, utc, day, day, True, printed, of_issue)

    @classmethod
    def days(cls, first: date, last: date, zone: tzinfo, printed: str) -> When:
        """A day, month or year: the first to the last day it can mean."""
        start = datetime.combine(first, time.min, zone).astimezone(UTC)
        end = datetime.combine(last, LAST_OF_DAY, zone).astimezone(UTC)
        return cls(start, end, first, last, False, printed)

    @property
    def to_the_day(self) -> bool:
        """Known to the day or better."""
        return self.first == self.last

    def open_start(self) -> When:
        """The same end with no known beginning: a symptom of which only the recorded date is known."""
        printed = f"on or before {self.printed}"
        return replace(self, earliest=FIRST_INSTANT, first=date.min, exact=False, printed=printed)

    def at_its_end(self) -> When:
        """The last moment it can mean; a day stays a day, so that days to it are counted as days (K3)."""
        return self if self.exact else replace(self, earliest=self.latest, first=self.last)

    def cut(self, now: When) -> When:
        """An interval that reaches past now ends now (K4)."""
        if self.latest <= now.latest:
            return self
        return replace(
            self,
            earliest=min(self.earliest, now.latest),
            latest=now.latest,
            first=min(self.first, now.last),
            last=now.last,
        )

    def ahead_of(self, now: When) -> bool:
        """Wholly later than now plus an hour of clock tolerance (K4)."""
        return self.earliest > now.latest + TOLERANCE


def not_over(end: When, now: When) -> bool:
    """Whether what ends then goes on now; of an end known to a month or a year only where all of it lies ahead (K4)."""
    return (end.latest if end.to_the_day else end.earliest) >= now.latest


def gap(start: When, end: When, calendar: bool) -> tuple[timedelta, timedelta]:
    """The least and the most time from start to end; negative if they run the other way.

    In calendar days when a day count is asked and either side is not an instant, else between instants (K3).
    """
    if calendar and not (start.exact and end.exact):
        return end.first - start.last, end.last - start.first
    return end.earliest - start.latest, end.latest - start.earliest


def within(start: When, end: When, window: Window) -> Status:
    """Whether 0 <= end - start <= window for everything both times can mean."""
    least, most = gap(start, end, window.calendar)
    none = timedelta()
    if none <= least and most <= window.span:
        return MET
    return NOT_MET if most < none or least > window.span else UNKNOWN


def lately(when: When, now: When, window: Window) -> Status:
    """Whether a time lies in the window before now; one that lies ahead of now is unknown (K4)."""
    return UNKNOWN if when.ahead_of(now) else within(when.cut(now), now, window)


def at_least_before(start: When, end: When, window: Window) -> Status:
    """Whether end - start >= window for everything both times can mean."""
    least, most = gap(start, end, window.calendar)
    return MET if least >= window.span else UNKNOWN if most >= window.span else NOT_MET


def older_than(start: When, end: When, window: Window) -> Status:
    """Whether end - start > window for everything both times can mean."""
    least, most = gap(start, end, window.calendar)
    if least > window.span:
        return MET
    return UNKNOWN if most > window.span else NOT_MET


def near(one: When, other: When, window: Window) -> Status:
    """Whether two times lie at most a window apart, in either order."""
    least, most = gap(one, other, window.calendar)
    widest = max(abs(least), abs(most))
    closest = timedelta() if least <= timedelta() <= most else min(abs(least), abs(most))
    return MET if widest <= window.span else UNKNOWN if closest <= window.span else NOT_MET


def after(later: When, earlier: When) -> bool:
    """Whether the whole of one time lies after the whole of another; by days where a side has no clock time."""
    if later.exact and earlier.exact:
        return later.earliest > earlier.latest
    return later.first > earlier.last


def may_follow(later: When, earlier: When) -> bool:
    """Whether any part of one time may lie after any part of another, in the same measure as `after`."""
    if later.exact and earlier.exact:
        return later.latest > earlier.earliest
    return later.last > earlier.first
