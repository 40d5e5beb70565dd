"""What the service needs from outside, handed in by the program that runs it: reads, memory, clock, settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Protocol, TypeVar

from cds_hooks.cards import AppLink
from cds_hooks.client_auth import ClientAuth
from cds_hooks.conclusion import Conclusion, Inputs
from cds_hooks.hook_request import FhirAccess, HookRequest
from fhir_mappings.decode import Decoded
from fhir_mappings.reads import Answer
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from fhir_mappings.unread import unread_codes
from rpild_rules.fatigue import Remembered
from rpild_rules.knowledge import Knowledge

Fetch = Callable[[Mapping[str, str], float], Mapping[str, Answer]]
"""Reads searches (key -> relative search, or the absolute next link of a page) within a share of the call's budget.

Every key asked for is answered; one that could not be read holds a Failure.
"""


T = TypeVar("T")
Digest = Callable[[], str]
"""The SHA-256 of a request's body in hex, made when it is asked for."""


class CompletePrefetch(Protocol):
    """Opens the reading of one call of an EHR, by name, with what the call permits; its time budget starts here.

    None when the call permits nothing and we have no access of our own, or the server is not one of that EHR's.
    """

    def __call__(self, access: FhirAccess | None, ehr: str) -> Fetch | None: ...


class Silence(Protocol):
    """What is switched off or silent, as one snapshot for a whole call."""

    def state(self, topic: str, unit: str) -> str:
        """`on`, `silent` or `off` for a card topic in a care unit; empty texts ask for the call as a whole."""
        ...


@dataclass(frozen=True)
class Evaluated:
    """One evaluated call with all that is kept of it. `timings` are in ms, `decoded` what was read, by key.

    `body_sha256` is empty for a call that stopped at the gate: its answer is not kept for a repetition.
    """

    inputs: Inputs
    conclusion: Conclusion
    correlation: str
    body_sha256: str
    unit: str
    decoded: Mapping[str, Decoded]
    timings: Mapping[str, float]

    @cached_property
    def unread(self) -> Counter[str]:
        """The codes of Observations that no rule reads, each with their number."""
        return unread_codes(self.decoded)


@dataclass(frozen=True, slots=True)
class Said:
    """What a user said about a card: `accepted` or `overridden`, when, the reason's code, ids of suggestions taken."""

    card: str
    outcome: str
    when: datetime | None
    reason: str = ""
    comment: str = field(default="", repr=False)
    suggestions: tuple[str, ...] = ()


class Records(Protocol):
    """What outlives a call. Each method may raise NotRecordedError, which ends the call with 503."""

    def find(self, request: HookRequest, body_sha256: Digest) -> bytes | None:
        """The answer already given to this very call; the body matters only if its hook instance is known."""
        ...

    def silence(self, request: HookRequest) -> Silence: ...

    def recall(self, request: HookRequest) -> Remembered:
        """What was shown about this patient; without a memory, or when it cannot be read, nothing, and that is told."""
        ...

    def record(self, evaluated: Evaluated) -> bytes:
        """Keep what was decided, durably, then what is shown; back with the answer to send.

        Of two equal calls at the same time both get the answer of the one that was stored.
        """
        ...

    def save_feedback(self, iss: str, said: Sequence[Said]) -> int:
        """Keep what users said; the number of statements about cards that this EHR was sent."""
        ...


class Report(Protocol):
    """One line in the log: an event and allow-listed fields, never a patient value."""

    def __call__(self, event: str, **fields: object) -> None: ...


class Audit(Protocol):
    """One entry of the audit log: a word for what happened, who did it (an EHR's name), details without values."""

    def __call__(self, kind: str, who: str, **what: object) -> None: ...


def no_word(_one: str, _other: str) -> str:
    """Nothing to say: no pseudonyms are kept, no server is foreign."""
    return ""


class InTime(Protocol):
    """Runs rules and interrupts those that take too long; raises TooSlowError when that ends the work as a whole."""

    def __call__(self, work: Callable[[], T]) -> T: ...


def at_leisure(work: Callable[[], T]) -> T:
    """Without a limit."""
    return work()


def no_link(_request: HookRequest, _now: datetime) -> AppLink | None:
    """Cards without a link: there is no page that the EHR could launch."""
    return None


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
    pathway_flag_codes: frozenset[str] = frozenset()
    site: SiteMapping = NO_MAPPING
    fhir_bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that touches the world. `settings_of` holds those of EHRs by name, where they have their own.

    `pseudonym` names a patient of an issuer in the audit log; `foreign_server` tells of an EHR's name and a FHIR base
    where that lies, if it is not one of the EHR's own.
    """

    knowledge: Knowledge
    settings: HookSettings
    auth: ClientAuth
    complete_prefetch: CompletePrefetch
    load_attestations: Callable[[HookRequest], tuple[bytes, ...]]
    now: Callable[[], datetime]
    records: Records
    report: Report
    audit: Audit
    correlation: Callable[[], str]
    settings_of: Mapping[str, HookSettings] = field(default_factory=dict)
    app_link: Callable[[HookRequest, datetime], AppLink | None] = no_link
    in_time: InTime = at_leisure
    pseudonym: Callable[[str, str], str] = no_word
    foreign_server: Callable[[str, str], str] = no_word

    def for_ehr(self, name: str) -> Ports:
        """The same with the settings of this EHR."""
        return replace(self, settings=self.settings_of.get(name, self.settings))
