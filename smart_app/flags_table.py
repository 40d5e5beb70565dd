"""Published risk flags, each for itself with its cohort; the Kurasawa count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.findings import MET, Finding, Status
from rpild_rules.prognosis import AADO2, FLAGS, THRESHOLDS, ferritin_trend
from smart_app.criteria_table import CONCEPTS, Lack, Limit, lacks_of, limit
from smart_app.page_texts import page_texts
from smart_app.sources import Record, Source, people, told

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

OWN_LIMITS = {**{id: (each[2],) for id, each in THRESHOLDS.items()}, "aado2of32": ("aado2_flag",)}


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One flag: its standing, values, limit, and the cohort in which the limit was published."""

    id: str
    name: str
    status: Status
    because: str
    sources: tuple[Source, ...]
    limits: tuple[Limit, ...]
    lacks: tuple[Lack, ...]
    cohort: str
    caveat: str

    @property
    def words(self) -> str:
        """The value behind the flag with date and age, on one line."""
        first = [f"{each.label} {each.printed}, {each.when.brief}" for each in self.sources[:1]]
        return self.because if self.id == AADO2 or not first else first[0]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three conditions of Kurasawa 2018."""

    name: str
    status: Status
    because: str


@dataclass(frozen=True, slots=True)
class FlagTable:
    """All flags, the count of three with its parts, and the trend.

    `other_cohort` tells that the cohorts were anti-MDA5 positive and this patient is not known to be.
    """

    rows: tuple[FlagRow, ...]
    kurasawa: str
    parts: tuple[Part, ...]
    trend: str
    other_cohort: bool

    @property
    def met(self) -> tuple[FlagRow, ...]:
        return tuple(row for row in self.rows if row.status is MET)


def flag_table(s: Situation, record: Record) -> FlagTable:
    """The flags of a patient in scope."""
    count = s.kurasawa
    words = page_texts().say("flags.kurasawa", met=count.met, of=count.of)
    parts = tuple(Part(page_texts().label("kurasawa", p.id), p.status, told(p.because, s)) for p in count.parts)
    trend = told(ferritin_trend(s.facts, s.therapy.t0, s.now, s.knowledge), s)
    rows = tuple(_row(s, id, record) for id in FLAGS)
    return FlagTable(rows, words, parts, trend, s.context != "confirmed")


def _row(s: Situation, id: str, record: Record) -> FlagRow:
    finding: Finding = s.found[id]
    reference = s.knowledge.reference(s.knowledge.texts.label("flag_source", id))
    concepts = frozenset({THRESHOLDS[id][0]}) if id in THRESHOLDS else CONCEPTS.get(id, frozenset())
    return FlagRow(
        id, people(s.knowledge.texts.label("flag", id)), finding.status, told(finding.because, s),
        record.rows(finding.evidence, concepts), tuple(limit(name, s.knowledge) for name in OWN_LIMITS.get(id, ())),
        lacks_of(s, id, finding), reference.cohort, reference.caveat,
    )  # fmt: skip
