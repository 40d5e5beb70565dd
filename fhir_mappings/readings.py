"""How the search behind each data element went (decisions K11, rulings 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from msgspec import Struct

from fhir_mappings.decode import Decoded
from fhir_mappings.queries import ELEMENT_KEYS, QUERIES
from fhir_mappings.references import References
from rpild_rules.facts import Reading
from rpild_rules.when import When

WORST_FIRST = (Reading.NOT_READ, Reading.NOT_PERMITTED, Reading.FAILED, Reading.PARTIAL, Reading.COMPLETE)
MOST_TELLING = "effective_date_time"
TIMES = (
    MOST_TELLING,
    "effective_instant",
    "authored_on",
    "started",
    "performed_date_time",
    "recorded_date",
    "date_time",
    "issued",
)
PERIODS = ("effective_period", "performed_period", "period")
DAY = len("2026-11-22")


def readings_of(decoded: Mapping[str, Decoded], refs: References) -> dict[str, Reading]:
    """For each element the worst reading of the keys that feed it."""
    oldest = {key: _oldest(each, refs) for key, each in decoded.items() if each.cut}
    return {element: _of_element(element, decoded, oldest, refs) for element in ELEMENT_KEYS}


def _of_element(
    element: str, decoded: Mapping[str, Decoded], oldest: Mapping[str, When | None], refs: References
) -> Reading:
    found = [_of_key(key, element, decoded.get(key), oldest.get(key), refs) for key in ELEMENT_KEYS[element]]
    return WORST_FIRST[min(map(WORST_FIRST.index, found))]


def _of_key(key: str, element: str, decoded: Decoded | None, oldest: When | None, refs: References) -> Reading:
    if decoded is None:
        return Reading.NOT_READ
    if not decoded.cut or decoded.reading is not Reading.COMPLETE:
        return decoded.reading
    days = QUERIES[key].days_for(element)
    if days is None or decoded.more or oldest is None:
        return Reading.PARTIAL
    return Reading.COMPLETE if oldest.latest < refs.now.earliest - timedelta(days=days) else Reading.PARTIAL


def _oldest(decoded: Decoded, refs: References) -> When | None:
    """The time of an entry of the earliest day, as the days are written: entries of one search share a format."""
    times = (getattr(each, MOST_TELLING, "") or _time(each) for each in decoded.resources)
    by_day = {text[:DAY]: text for text in times if text}
    return next(filter(None, (refs.read(by_day[day]) for day in sorted(by_day))), None)


def _time(each: Struct) -> str:
    for name in _times_of(type(each)):
        text: str = getattr(each, name)
        if text:
            return text
    periods = (getattr(each, name, None) for name in PERIODS)
    return next(filter(None, (period.end or period.start for period in periods if period is not None)), "")


@cache
def _times_of(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a resource type that can hold its time, the most telling first."""
    return tuple(name for name in TIMES if name in kind.__struct_fields__)
