"""What launch and page need from outside, handed in by the program that runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from ehr_access.apps import SmartEhrs
from ehr_access.fhir_client import EhrReader
from ehr_access.fhir_writer import EhrWriter
from ehr_access.registry import TrustedEhr
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge
from smart_app.launch_store import Limits, Rows
from smart_app.statement_ports import CardFeedback, Statements, Views


class Report(Protocol):
    """One line in the log: an event and allow-listed fields, never a patient value."""

    def __call__(self, event: str, **fields: object) -> None: ...


class Audit(Protocol):
    """One entry of the audit log: a word for what happened, who did it, details without values."""

    def __call__(self, kind: str, who: str, **what: object) -> None: ...


@dataclass(frozen=True, slots=True)
class HandOver:
    """What a card's link carried: the hook call it belongs to, of which patient (a pseudonym)."""

    hook_instance: str
    patient: str


@dataclass(frozen=True, slots=True)
class CardCall:
    """A hook call whose card was followed: the chart that it saw, with the orders being signed, and when."""

    facts: PatientFacts
    at: datetime


class HandOvers(Protocol):
    """The links of cards, signed by this service, and the charts that those cards were about."""

    def read(self, app_context: str, now: datetime) -> HandOver | None:
        """What a launch brought along; None if it is not ours, was changed or is too old."""
        ...

    def call(self, ehr: TrustedEhr, patient: str, hook_instance: str) -> CardCall | None:
        """The chart of a patient (by id) as a hook call saw it; None if it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class AppSettings:
    """Operating settings of the page for one EHR; `resource_url` shows an entry, empty: its FHIR server does."""

    zone: tzinfo = UTC
    site: SiteMapping = NO_MAPPING
    patient_form: str = "Patient/{}"
    lab_offers: frozenset[str] = frozenset()
    max_cards: int | None = None
    pathway_flag_codes: frozenset[str] = frozenset()
    resource_url: str = ""


def no_attestations(_ehr: str, _patient: str) -> tuple[bytes, ...]:
    """Nothing kept by ourselves."""
    return ()


def at_leisure(work: Callable[[], Assessment]) -> Assessment:
    """Without a limit of time."""
    return work()


@dataclass(frozen=True, slots=True)
class SmartPorts:
    """Everything that touches the world.

    `rows` may raise PageStoreError. `pseudonym` stands for a patient of an EHR (id). `attestations` are raw
    Observations kept by ourselves (EHR's name, patient id). `asset` gives the address of a static file,
    `place_of` kind and place of a fault without its message. `in_time` interrupts rules that take too long.
    """

    knowledge: Knowledge
    now: Callable[[], datetime]
    correlation: Callable[[], str]
    base_url: str
    cookie: str
    ehrs: SmartEhrs
    rows: Rows
    reader: EhrReader
    pseudonym: Callable[[TrustedEhr, str], str]
    report: Report
    audit: Audit
    limits: Limits = Limits()  # noqa: RUF009  frozen
    settings_of: Mapping[str, AppSettings] = field(default_factory=dict)
    attestations: Callable[[str, str], tuple[bytes, ...]] = no_attestations
    hand_overs: HandOvers | None = None
    asset: Callable[[str], str] = "/static/{}".format
    place_of: Callable[[BaseException], str] = lambda fault: type(fault).__name__
    statements: Statements | None = None
    writer: EhrWriter | None = None
    feedback: CardFeedback | None = None
    views: Views | None = None
    in_time: Callable[[Callable[[], Assessment]], Assessment] = at_leisure

    def assess(self, facts: PatientFacts, at: datetime) -> Assessment:
        """What the rules say of a chart at a moment."""
        return self.in_time(lambda: assess(facts, self.knowledge, at))

    def settings(self, ehr: str) -> AppSettings:
        """The settings for an EHR."""
        return self.settings_of.get(ehr, AppSettings())
