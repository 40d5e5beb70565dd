"""What resources of one chart say about each other: diagnoses behind references, specimens, medications, and what
came together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from fhir_mappings.code_tables import concepts_of
from fhir_mappings.datatypes import Reference
from fhir_mappings.dates import Reader
from fhir_mappings.decode import Decoded
from fhir_mappings.structs import ConditionIn, ObservationIn, ReportIn, SpecimenIn
from fhir_mappings.subjects import reference_of
from fhir_mappings.units import SCALES, Scale
from rpild_rules.when import When

LOCAL = re.compile(r"(?:\A|/)([A-Z][A-Za-z]+/[A-Za-z0-9.\-_]+)(?:/_history/[^/]+)?\Z")


@dataclass(frozen=True, slots=True)
class References:
    """Lookups by `Type/id`; `read` reads a time for the site's `zone`; `now` is the time of the evaluation;
    `others` are Observations about somebody else.
    """

    read: Reader
    zone: tzinfo
    now: When
    scales: Mapping[str, Scale] = field(default_factory=lambda: SCALES)
    urls: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, ConditionIn] = field(default_factory=dict)
    observations: Mapping[str, ObservationIn] = field(default_factory=dict)
    specimens: Mapping[str, SpecimenIn] = field(default_factory=dict)
    medications: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    def local(self, reference: Reference | None) -> str:
        """A reference as `Type/id`; a form that cannot be resolved stays as it is."""
        text = reference.reference if reference is not None else ""
        known = self.urls.get(text, text)
        if known.count("/") < 2:  # `Type/id` already, or nothing that could be resolved
            return known
        found = LOCAL.search(known)
        return found[1] if found else known

    def reasons(self, references: Iterable[Reference]) -> tuple[frozenset[str], bool]:
        """The concepts of referenced Conditions, and whether every one of them could be resolved."""
        found = [self.conditions.get(self.local(each)) for each in references]
        concepts = frozenset(name for each in found if each is not None for name in concepts_of(each.code))
        return concepts, None not in found


def by_reference(resources: Iterable[Any]) -> dict[str, Any]:
    """Resources keyed by `Type/id`; those without an id cannot be referred to."""
    return {reference_of(each): each for each in resources if each.id}


def groups_of(
    reports: Iterable[ReportIn], observations: Iterable[ObservationIn], local: Any
) -> dict[str, frozenset[str]]:
    """For each Observation the reports, panels and specimens it came with."""
    found: dict[str, frozenset[str]] = {}
    for report in reports:
        _join(found, reference_of(report), [local(each) for each in report.result])
    for each in observations:
        own = reference_of(each)
        if each.has_member:
            _join(found, own, [local(member) for member in each.has_member])
        if each.specimen is not None and each.specimen.reference:
            _join(found, local(each.specimen), (own,))
        if each.component:
            _join(found, own, (own,))
    return found


def _join(found: dict[str, frozenset[str]], group: str, members: Iterable[str]) -> None:
    for member in members:
        known = found.get(member)
        found[member] = frozenset((group,)) if known is None else known | {group}


def all_urls(decoded: Iterable[Decoded]) -> dict[str, str]:
    """Every fullUrl of a chart."""
    return {url: reference for each in decoded for url, reference in each.urls.items()}
