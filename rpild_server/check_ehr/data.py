"""What the charts hold for each data element: for how many patients, how old, in which codes and units.

Only counts, codes, units and ages in days are kept; no value, name or id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from fhir_mappings.coverage import OF_NO_ELEMENT, Coverage, count
from fhir_mappings.dates import effective, read_time
from fhir_mappings.mixed import read_bundle
from fhir_mappings.queries import ELEMENTS
from fhir_mappings.reads import UnreadableFileError
from fhir_mappings.site_mapping import SiteMapping, translate
from rpild_server.check_ehr.searching import Searched

DATES = (
    "started", "authored_on", "performed_date_time", "onset_date_time", "recorded_date", "recorded_on", "date_time",
)  # fmt: skip
PERIODS = ("period", "performed_period", "effective_period", "onset_period")
WITHOUT_AGE = frozenset({"E-PAT"})


@dataclass(slots=True)
class Element:
    """One data element: the patients (by number) that have it, and the ages in days of what they have."""

    patients: set[int] = field(default_factory=set)
    ages: list[int] = field(default_factory=list)
    undated: int = 0

    def add(self, patient: int, age: int | None, ageless: bool) -> None:
        """One entry of a patient; `ageless` where no date is expected."""
        self.patients.add(patient)
        if age is not None:
            self.ages.append(age)
        self.undated += age is None and not ageless

    @property
    def newest(self) -> int | None:
        return min((each for each in self.ages if each >= 0), default=None)

    @property
    def ahead(self) -> int:
        """How many are dated after today."""
        return sum(each < 0 for each in self.ages)

    @property
    def oldest(self) -> int | None:
        return max(self.ages, default=None)


@dataclass(slots=True)
class Data:
    """All charts together."""

    site: SiteMapping
    today: date
    coverage: Coverage = field(default_factory=Coverage)
    elements: dict[str, Element] = field(default_factory=lambda: defaultdict(Element))
    foreign: int = 0
    drugs_by_reference: int = 0

    def add(self, patient: int, found: Iterable[Searched]) -> None:
        """The resources of one patient, each once though several searches find it."""
        for resource in self._resources(found):
            self._add(patient, resource)

    def _resources(self, found: Iterable[Searched]) -> list[Any]:
        known: dict[tuple[str, str], Any] = {}
        for body in (body for each in found for body in each.bodies):
            try:
                mixed = read_bundle(body)
            except UnreadableFileError:
                self.coverage.unreadable += 1
                continue
            self.coverage.unreadable += len(mixed.unreadable)
            known |= {(each.resource_type, each.id or str(len(known))): each for _, each in mixed.entries}
        return list(known.values())

    def _add(self, patient: int, resource: Any) -> None:
        translate([resource], self.site)
        alone = Coverage()
        for coverage in (self.coverage, alone):
            count([resource], coverage, self.site)
        self.drugs_by_reference += getattr(resource, "medication_reference", None) is not None
        day = _day(resource)
        for name in _elements(alone):
            self.elements[name].add(patient, (self.today - day).days if day else None, name in WITHOUT_AGE)


def _elements(alone: Coverage) -> Iterator[str]:
    yield from (name for name, (often, _) in alone.by_element().items() if often and name != OF_NO_ELEMENT)


def _day(resource: Any) -> date | None:
    """The day that a resource is about, the first that it tells."""
    when = effective(resource, lambda text: read_time(text, UTC), UTC) if hasattr(resource, "issued") else None
    if when is None:
        when = next(filter(None, (read_time(text, UTC) for text in _times(resource))), None)
    return when.last if when else None


def _times(resource: Any) -> Iterator[str]:
    yield from (getattr(resource, name, "") or "" for name in DATES)
    for period in (getattr(resource, name, None) for name in PERIODS):
        yield from (period.end, period.start) if period is not None else ()


def patients_by_element(data: Data) -> dict[str, int]:
    """For each data element how many patients have it, in the order of the table."""
    return {name: len(data.elements[name].patients) if name in data.elements else 0 for name in ELEMENTS}
