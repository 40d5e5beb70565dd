"""How the search behind each data element went (decisions K11, rulings 2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fhir_mappings.decode import Decoded
from fhir_mappings.queries import ELEMENT_KEYS, QUERIES, Query
from fhir_mappings.references import References
from rpild_rules.facts import Reading
from rpild_rules.when import When

WORST_FIRST = (Reading.NOT_READ, Reading.NOT_PERMITTED, Reading.FAILED, Reading.PARTIAL, Reading.COMPLETE)
TIMES = (
    "effective_date_time",
    "effective_instant",
    "authored_on",
    "started",
    "performed_date_time",
    "recorded_date",
    "date_time",
    "issued",
)
PERIODS = ("effective_period", "performed_period", "period")


def reading_of(element: str, decoded: Mapping[str, Decoded], refs: References) -> Reading:
    """The worst reading of the keys that feed an element."""
    found = {_of_key(QUERIES[key], element, decoded.get(key), refs) for key in ELEMENT_KEYS[element]}
    return next(reading for reading in WORST_FIRST if reading in found)


def _of_key(query: Query, element: str, decoded: Decoded | None, refs: References) -> Reading:
    if decoded is None:
        return Reading.NOT_READ
    if decoded.reading is not Reading.COMPLETE or not decoded.cut:
        return decoded.reading
    return Reading.COMPLETE if _reaches(decoded, query.days_for(element), refs) else Reading.PARTIAL


def _reaches(decoded: Decoded, days: int | None, refs: References) -> bool:
    """Whether the oldest entry lies beyond the look-back, so that nothing within it can be missing."""
    if days is None or decoded.more:
        return False
    edge = refs.now.earliest - timedelta(days=days)
    return any(when is not None and when.latest < edge for when in (_time(each, refs) for each in decoded.resources))


def _time(each: Any, refs: References) -> When | None:
    texts = [getattr(each, name, "") for name in TIMES]
    periods = [getattr(each, name, None) for name in PERIODS]
    texts += [period.end or period.start for period in periods if period is not None]
    return next(filter(None, map(refs.read, texts)), None)
