"""The page of one patient as plain values: the same assessment as the cards, worded for reading; no FHIR, no HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from rpild_rules.assessment import Assessment, Situation
from rpild_rules.facts import PatientFacts, recency
from rpild_rules.gate import years
from rpild_rules.recommend import Call, choose
from rpild_rules.when import When
from smart_app.ages import dated
from smart_app.algorithm_picture import AlgorithmPicture, draw_algorithm
from smart_app.basis import Basis, find_basis
from smart_app.changes import Change
from smart_app.criteria_table import (
    DefinitionCard,
    Row,
    criteria_rows,
    definition_cards,
    met_then,
)
from smart_app.flags_table import FlagTable, flag_table
from smart_app.looked_for import LookedFor, find_looked_for
from smart_app.missing import Gap, deciding_act, find_gaps
from smart_app.options import Options, find_options
from smart_app.page_texts import page_texts
from smart_app.parts import Part, find_parts
from smart_app.sources import Record, people
from smart_app.standing import Standing, find_standing, out_of_scope
from smart_app.transplant_panel import TransplantPanel, transplant_panel
from smart_app.trend_pictures import Trends, draw_trends
from smart_app.why import Why, find_why
from smart_app.workup_list import WorkItem, work_items


class Identity(Protocol):
    """Who the patient is, for the banner only: never stored, never logged."""

    @property
    def name(self) -> str: ...
    @property
    def birth_date(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def identifier(self) -> str: ...


class ReadFacts(Protocol):
    """What was read of the chart."""

    @property
    def facts(self) -> PatientFacts: ...


class SeenPatient(Protocol):
    """A chart as it was read, with what the EHR would not or could not give, in words."""

    @property
    def chart(self) -> ReadFacts: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def read_at(self) -> datetime: ...
    @property
    def not_permitted(self) -> tuple[str, ...]: ...
    @property
    def failed(self) -> tuple[str, ...]: ...


def no_assets(_name: str) -> str:
    """No address: a page in a file carries its style with it."""
    return ""


@dataclass(frozen=True, slots=True)
class View:
    """What the launch adds to the chart. `base` is the path of the page (empty: a page in a file, without forms).

    `resource_url` shows one entry of the record in the EHR, with the blank {reference}; empty: no links. `changes` are
    what is otherwise since the view at `since`. `attest` and `feedback` are the view models of those forms.
    `aside` tells of cards that were set aside for everybody, by topic.
    `style` is the style of a page in a file. `basis` is the address of what stands behind every page alike (empty: at
    the end of this page). `opened` are parts that stand open whatever they say.
    """

    base: str = ""
    csrf: str = ""
    user: str = ""
    asset: Callable[[str], str] = no_assets
    style: str = ""
    resource_url: str = ""
    since: str = ""
    changes: tuple[Change, ...] = ()
    notices: tuple[str, ...] = ()
    max_cards: int | None = None
    attest: object | None = None
    feedback: object | None = None
    smart_style: str = ""
    basis: str = ""
    opened: frozenset[str] = frozenset()
    aside: Mapping[str, str] = field(default_factory=dict)

    def link(self, reference: str) -> str:
        """The address of an entry in the EHR, or nothing."""
        return self.resource_url.replace("{reference}", reference) if self.resource_url and reference else ""


@dataclass(frozen=True, slots=True)
class Banner:
    """Who this is: shown always."""

    name: str
    born: str
    age: str
    sex: str
    identifier: str
    read_at: str


@dataclass(frozen=True, slots=True)
class Unread:
    """One entry of the record that could not be used: where, what, why."""

    reference: str
    element: str
    printed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Partial:
    """What the page could not see, so that nobody takes it for absent."""

    not_permitted: tuple[str, ...]
    failed: tuple[str, ...]
    unread: tuple[Unread, ...]

    def __bool__(self) -> bool:
        return bool(self.not_permitted or self.failed or self.unread)


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything that is said of a patient in scope."""

    gaps: tuple[Gap, ...]
    definitions: tuple[DefinitionCard, ...]
    criteria: tuple[Row, ...]
    met_then: tuple[str, ...]
    flags: FlagTable
    workup: tuple[WorkItem, ...]
    options: Options
    transplant: TransplantPanel
    looked_for: LookedFor


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. `detail` is absent for a patient out of scope. `gate` is the one that kept a patient out."""

    banner: Banner
    standing: Standing
    partial: Partial
    why: Why
    view: View
    evaluated: str
    detail: Detail | None = None
    gate: str = ""
    gate_title: str = ""
    algorithm: AlgorithmPicture | None = None
    trends: Trends | None = None
    basis: Basis | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its folded parts."""
        return find_parts(self)


def compose_page(patient: SeenPatient, assessment: Assessment, view: View) -> Page:
    """The page of one patient at the time of the assessment. Pure: the same chart and knowledge give the same page."""
    sent, _held = choose(assessment, Call(max_cards=view.max_cards))
    s, gate = assessment.situation, assessment.gate
    detail = _detail(s) if s else None
    act = deciding_act(s, detail.gaps) if s and detail else None
    standing = find_standing(s, sent, act) if s else out_of_scope(assessment)
    title = page_texts().label("gate", gate.failed) if gate.failed else ""
    return Page(
        _banner(patient, assessment), standing, _partial(patient, assessment), find_why(sent, assessment.knowledge),
        view, assessment.now.printed, detail, gate.failed, title,
        draw_algorithm(assessment) if s else None, draw_trends(assessment, s.facts) if s else None,
        None if view.basis else find_basis(assessment.knowledge),
    )  # fmt: skip


def _banner(patient: SeenPatient, assessment: Assessment) -> Banner:
    who, birth, now = patient.identity, patient.chart.facts.person.birth, assessment.now
    read = When.at(patient.read_at, patient.chart.facts.zone).printed
    name, sex = who.name or page_texts().say("banner.unnamed"), page_texts().label("sex", who.sex or "unknown")
    return Banner(name, who.birth_date, _age(birth, now), sex, who.identifier, read)


def _age(birth: When | None, now: When) -> str:
    if birth is None:
        return page_texts().say("banner.no_age")
    youngest, oldest = years(birth.last, now.last), years(birth.first, now.last)
    number = str(youngest) if youngest == oldest else f"{youngest}–{oldest}"
    return page_texts().say("banner.age", years=number)


def _partial(patient: SeenPatient, assessment: Assessment) -> Partial:
    unread = tuple(_unread(patient.chart.facts, assessment))
    return Partial(patient.not_permitted, patient.failed, unread)


def _unread(facts: PatientFacts, assessment: Assessment) -> Iterator[Unread]:
    """Entries that could not be read, then results that are there but cannot be used, the newest first."""
    texts = assessment.knowledge.texts
    for each in facts.unreadable:
        element = _element(each.element, assessment)
        yield Unread(each.reference, element, people(each.printed), texts.label("reason", each.reason.value))
    spoilt = (m for m in facts.measurements if m.valid and m.problem)
    for m in sorted(spoilt, key=recency, reverse=True):
        printed = f"{people(m.printed)} ({dated(m.when, assessment.now).words})"
        reason = texts.label("reason", m.problem.value) if m.problem else ""
        yield Unread(m.reference, _element(m.concept, assessment), printed, reason)


def _element(name: str, assessment: Assessment) -> str:
    """A concept or a data element in words."""
    known = assessment.knowledge.texts.label("input", name)
    return known if known != name else page_texts().label("element", name)


def _detail(s: Situation) -> Detail:
    record = Record(s.facts, s.knowledge, s.now)
    return Detail(
        find_gaps(s), definition_cards(s), criteria_rows(s, record), met_then(s),
        flag_table(s, record), work_items(s), find_options(s), transplant_panel(s), find_looked_for(s),
    )  # fmt: skip
