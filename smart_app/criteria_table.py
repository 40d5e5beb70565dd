"""The three definitions side by side, and every criterion with its values, limits, sources and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.findings import MET, Finding, Status, any_of
from rpild_rules.parameter import PUBLISHED
from rpild_rules.references import DESIGN
from rpild_rules.rows import Definition
from smart_app.page_texts import page_texts
from smart_app.sources import Record, Source, people, told

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.knowledge import Knowledge

FOUR, TRIAD, THREE = "fourConditions", "oneMonthTriad", "threeMonthProgression"
FORMULAS: Mapping[str, tuple[str | tuple[str, ...], ...]] = {
    FOUR: (
        "onsetWithinOneMonth",
        ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange"),
    ),
    TRIAD: ("onsetFirstSymptom", "ctWorsening", "dyspnoeaShown", "respiratoryFailure"),
    THREE: ("dyspnoeaShown", "ctWorsening92"),
}
USED_BY: Mapping[str, tuple[str, ...]] = {
    "onsetWithinOneMonth": (FOUR,), "dyspnoeaNeedingCare": (FOUR,), "lungFunctionDecline": (FOUR,),
    "fvcDecline": (FOUR,), "dlcoDecline": (FOUR,), "hrctIncrease": (FOUR, TRIAD, THREE), "gasExchange": (FOUR,),
    "respiratoryFailure": (FOUR, TRIAD), "pao2Decline": (FOUR,), "dyspnoeaShown": (FOUR, TRIAD, THREE),
    "onsetFirstSymptom": (TRIAD,), "ctWorsening": (TRIAD, THREE), "ctWorsening92": (THREE,),
}  # fmt: skip
INSIDE = frozenset({"fvcDecline", "dlcoDecline", "respiratoryFailure", "pao2Decline"})
LUNG, GAS = frozenset({"fvc", "fvc-pct-pred"}), frozenset({"pao2", "pf-ratio", "fio2", "paco2", "aa-gradient"})
CONCEPTS: Mapping[str, frozenset[str]] = {
    "fvcDecline": LUNG, "dlcoDecline": frozenset({"dlco", "dlco-hb-adj"}), "respiratoryFailure": GAS,
    "pao2Decline": GAS, "dyspnoeaNeedingCare": frozenset({"fio2", "o2-flow", "spo2"}), "aado2of32": GAS,
}  # fmt: skip
LIMITS: Mapping[str, tuple[str, ...]] = {
    "onsetWithinOneMonth": ("one_month_days",), "dyspnoeaNeedingCare": ("c1_window_days", "c1_oxygen_days"),
    "fvcDecline": ("fvc_fall_pct",), "dlcoDecline": ("dlco_fall_pct",), "hrctIncrease": ("hrct_increase_pct",),
    "respiratoryFailure": ("resp_failure_pao2", "pf_failure"), "pao2Decline": ("pao2_drop_mmHg",),
    "onsetFirstSymptom": ("one_month_days",), "dyspnoeaShown": ("c1_window_days",),
    "ctWorsening": ("attestation_days",), "ctWorsening92": ("three_months_days",),
}  # fmt: skip
COMPOSITES = frozenset({"lungFunctionDecline", "gasExchange"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that a value is compared with: in words, with its source, and a site's change of it."""

    name: str
    title: str
    words: str
    source: str
    where: str
    own: bool
    published: bool
    default: str = ""

    @property
    def origin(self) -> str:
        """In a few words: the publication, or whose proposal it is."""
        say = page_texts().say
        if self.published:
            return f"{say('criteria.published')}: {self.source}"
        after = "" if self.own else f", {say('criteria.after', source=self.source)}"
        return f"{say('criteria.proposed')}{after}"


@dataclass(frozen=True, slots=True)
class Lack:
    """What is missing for one answer: the reason in words, what exactly, and what would answer it."""

    reason: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion. `limits` decide it; `used_by` are the
    definitions that ask it; `inside` marks a half of the criterion above it."""

    id: str
    name: str
    status: Status
    because: str
    sources: tuple[Source, ...]
    limits: tuple[Limit, ...]
    lacks: tuple[Lack, ...]
    used_by: tuple[str, ...]
    inside: bool = False
    composite: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """One condition of a definition's formula; of several `choices` one is enough."""

    name: str
    status: Status
    id: str = ""
    choices: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class DefinitionCard:
    """One definition: its standing and its formula leg by leg."""

    id: str
    short: str
    title: str
    status: Status
    primary: bool
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """One definition, of no patient: in words, where it comes from, what is open in it."""

    id: str
    title: str
    logic: str
    source: str
    where: str
    open_point: str


def definition_cards(s: Situation) -> tuple[DefinitionCard, ...]:
    """The evaluated definitions, the primary one first."""
    rows = _evaluated(s.knowledge)
    return tuple(
        DefinitionCard(
            id, page_texts().label("definition_short", id), s.knowledge.texts.label("definition", id),
            s.found[id].status, rows[id].use == "primary", tuple(_leg(s, part) for part in FORMULAS[id]),
        )
        for id in FORMULAS
    )  # fmt: skip


def origins(knowledge: Knowledge) -> tuple[Origin, ...]:
    """Where the evaluated definitions come from."""
    rows = _evaluated(knowledge)
    return tuple(_origin(knowledge, id, rows[id]) for id in FORMULAS)


def _origin(knowledge: Knowledge, id: str, row: Definition) -> Origin:
    source = knowledge.reference(row.source)
    title = knowledge.texts.label("definition", id)
    return Origin(id, title, row.logic, f"{source.cited}; {source.kind}", row.where, row.open_point)


def _evaluated(knowledge: Knowledge) -> dict[str, Definition]:
    return {row.contract: row for row in knowledge.tables.of(Definition).values() if row.contract}


def _leg(s: Situation, part: str | tuple[str, ...]) -> Leg:
    if isinstance(part, str):
        return Leg(criterion_name(s, part), s.found[part].status, part)
    choices = tuple(_leg(s, each) for each in part)
    return Leg(page_texts().say("criteria.one_of"), any_of(each.status for each in choices), choices=choices)


def criterion_name(s: Situation, id: str) -> str:
    """A criterion in words; the legs of the other definitions are named by the page."""
    return criterion_word(s.knowledge, id)


def criterion_word(knowledge: Knowledge, id: str) -> str:
    """The same, of no patient."""
    named = knowledge.texts.label("criterion", id)
    return named if named != id else page_texts().label("criterion", id)


def criteria_rows(s: Situation, record: Record) -> tuple[Row, ...]:
    """Every criterion in the order of the primary definition, then what only the others ask."""
    return tuple(_row(s, id, record) for id in USED_BY)


def _row(s: Situation, id: str, record: Record) -> Row:
    finding, composite = s.found[id], id in COMPOSITES
    return Row(
        id, criterion_name(s, id), finding.status, told(finding.because, s),
        () if composite else record.rows(finding.evidence, CONCEPTS.get(id, frozenset())),
        tuple(limit(name, s.knowledge) for name in LIMITS.get(id, ())),
        () if composite else lacks_of(s, id, finding), USED_BY[id], id in INSIDE, composite,
    )  # fmt: skip


def limit(name: str, knowledge: Knowledge) -> Limit:
    """One parameter for people, with the place it comes from."""
    parameter = knowledge.parameter(name)
    unit = page_texts().label("unit", parameter.unit)
    words = " ".join(filter(None, (parameter.test, parameter.printed, people(unit))))
    changed = next((each for each in knowledge.overrides if each.name == name), None)
    return Limit(
        name, parameter.title, words, knowledge.reference(parameter.source).cited, parameter.where,
        knowledge.reference(parameter.source).kind == DESIGN, parameter.status == PUBLISHED,
        changed.default if changed else "",
    )  # fmt: skip


def lacks_of(s: Situation, id: str, finding: Finding) -> tuple[Lack, ...]:
    """What an unknown answer lacks, each reason in words."""
    return tuple(dict.fromkeys(_lacks(s, id, finding)))


def _lacks(s: Situation, id: str, finding: Finding) -> Iterator[Lack]:
    remedy = remedy_of(s, id)
    for each in finding.missing:
        yield Lack(s.knowledge.texts.label("reason", each.reason.value), told(each.what, s), remedy)


def remedy_of(s: Situation, id: str) -> str:
    """What would answer a criterion or flag."""
    named = s.knowledge.texts.label("remedy", id)
    return named if named != id else page_texts().label("remedy", id)


def met_then(s: Situation) -> tuple[str, ...]:
    """What was met at the earlier time that an episode rests on, where today's answer is another."""
    if s.found[FOUR].status is MET or not s.episode.latch.held:
        return ()
    found = (f for f in s.episode.latch.findings if f.id in USED_BY and f.id not in COMPOSITES)
    return tuple(f"{criterion_name(s, f.id)}: {told(f.because, s)}" for f in found)
