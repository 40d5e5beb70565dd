"""Dates as a reader wants them: as precise as the chart gives them, with the age at the time of evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from rpild_rules.when import When, gap
from smart_app.page_texts import page_texts

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOURS_SHOWN = timedelta(hours=48)  # younger than this the age is told in hours


@dataclass(frozen=True, slots=True)
class Dated:
    """A date in words: as the chart gives it, its age, a note where it is less precise than a day, the day alone."""

    printed: str
    age: str
    note: str = ""
    day: str = ""

    @property
    def words(self) -> str:
        """Date and age in one breath."""
        return f"{self.printed}, {self.age}" if self.age else self.printed

    @property
    def brief(self) -> str:
        """The same without the clock, where the day is far enough back."""
        return f"{self.day or self.printed}, {self.age}" if self.age else self.printed


UNDATED = Dated(page_texts().say("age.undated"), "")


def dated(when: When | None, now: When) -> Dated:
    """A time of the chart with its age; an unknown one says so."""
    if when is None:
        return UNDATED
    notes = [page_texts().say("age.imprecise")] if not when.to_the_day and when.first != date.min else []
    notes += [page_texts().say("age.of_issue")] if when.of_issue else []
    far = when.exact and now.latest - when.latest >= HOURS_SHOWN
    return Dated(when.printed, age_of(when, now), "; ".join(notes), when.first.isoformat() if far else "")


def age_of(when: When, now: When) -> str:
    """How long ago, as an interval where the date is one."""
    say = page_texts().say
    if when.ahead_of(now):
        return say("age.ahead")
    if when.exact:
        return _exact(max(now.latest - when.latest, timedelta()))
    if when.first == date.min:
        return say("age.at_least", least=max(gap(when, now, True)[0].days, 0))
    least, most = (max(each.days, 0) for each in gap(when, now, True))
    return say("age.between", least=least, most=most) if least != most else _days(least)


def _exact(span: timedelta) -> str:
    say = page_texts().say
    if span < HOUR:
        return say("age.minutes", n=span // MINUTE)
    return say("age.hours", n=span // HOUR) if span < HOURS_SHOWN else _days(span // DAY)


def _days(n: int) -> str:
    return page_texts().say("age.today" if n == 0 else "age.yesterday" if n == 1 else "age.days", n=n)
