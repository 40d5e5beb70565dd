"""What the service needs from outside, handed in by the program that runs it: reads, memory, clock, settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from cds_hooks.client_auth import ClientAuth
from cds_hooks.hook_request import FhirAccess, HookRequest
from fhir_mappings.reads import Answer
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from rpild_rules.knowledge import Knowledge

Fetch = Callable[[Mapping[str, str], float], Mapping[str, Answer]]
"""Reads searches (key -> relative search, or the absolute next link of a page) within a share of the call's budget.

Every key asked for is answered; one that could not be read holds a Failure.
"""


class CompletePrefetch(Protocol):
    """Opens the reading of one call of an EHR, by name; its time budget starts here.

    None when this server is not one of that EHR's.
    """

    def __call__(self, access: FhirAccess, ehr: str) -> Fetch | None: ...


class Answers(Protocol):
    """Answers already given, so that a repeated call gets the same bytes."""

    def find(self, key: tuple[str, ...]) -> bytes | None: ...

    def keep(self, key: tuple[str, ...], answer: bytes) -> bytes:
        """Store and return the answer; of two equal calls at the same time the first one stored wins."""
        ...


class Report(Protocol):
    """One line in the log: an event and allow-listed fields, never a patient value."""

    def __call__(self, event: str, **fields: object) -> None: ...


class Audit(Protocol):
    """One entry of the audit log: a word for what happened, who did it (an EHR's name), details without values."""

    def __call__(self, kind: str, who: str, **what: object) -> None: ...


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Operating settings of the hook endpoints; one snapshot serves a whole call."""

    expose_assessment: bool = False
    silent_mode: bool = True
    max_cards: int | None = None
    zone: tzinfo = UTC
    silent_roles: frozenset[str] = frozenset()
    lab_offers: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()
    max_body_bytes: int = 8 * 1024 * 1024
    patient_form: str = "Patient/{}"
    prefetch_profile: str = "generic"
    site: SiteMapping = NO_MAPPING


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that touches the world. `settings_of` holds those of EHRs by name, where they have their own."""

    knowledge: Knowledge
    settings: HookSettings
    auth: ClientAuth
    complete_prefetch: CompletePrefetch
    load_attestations: Callable[[HookRequest], tuple[bytes, ...]]
    now: Callable[[], datetime]
    answers: Answers
    report: Report
    audit: Audit
    correlation: Callable[[], str]
    settings_of: Mapping[str, HookSettings] = field(default_factory=dict)

    def for_ehr(self, name: str) -> Ports:
        """The same with the settings of this EHR."""
        return replace(self, settings=self.settings_of.get(name, self.settings))
