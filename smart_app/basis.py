"""What stands behind every page alike, of no patient: stages, studies, sources, settings, limits, source attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rpild_rules.knowledge import Knowledge
from rpild_rules.pathway_rows import Disagreement, Family
from rpild_rules.rows import NOT_COMPUTED, PAGE_ONLY, Guideline, Prognostic
from rpild_rules.source_attributes import Answer, answers
from smart_app.algorithm_picture import StageText, stages_in_words
from smart_app.criteria_table import LIMITS, Limit, Origin, criterion_word, limit, origins
from smart_app.options import InFull, Study, in_full, study
from smart_app.picture_texts import say
from smart_app.sources import people
from smart_app.transplant_panel import ECMO, TRANSPLANT
from smart_app.why import Cited, cited

SHOWN = (PAGE_ONLY, NOT_COMPUTED)
REFERRAL = ("LIT-10", "LIT-9", "LIT-8")


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter, and the criteria that it decides."""

    limit: Limit
    used_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Referral:
    """What was read of one guideline on transplant or ECMO: title and its statements."""

    title: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """The knowledge in force, for reading. `limits` are published rules that are not computed, with their cohorts."""

    version: str
    sha256: str
    stages: tuple[StageText, ...]
    disagreements: tuple[Disagreement, ...]
    definitions: tuple[Origin, ...]
    options: tuple[InFull, ...]
    studies: tuple[Study, ...]
    sources: tuple[Cited, ...]
    settings: tuple[Setting, ...]
    limits: tuple[tuple[str, str], ...]
    referral: tuple[Referral, ...]
    causes: tuple[str, ...]
    families: tuple[tuple[str, str, tuple[Answer, ...]], ...]

    def say(self, key: str, **values: object) -> str:
        """A fixed text around the pathway."""
        return say(key, **values)


def find_basis(knowledge: Knowledge) -> Basis:
    """All of it, in the order of the tables."""
    tables, options = knowledge.tables, in_full(knowledge)
    return Basis(
        knowledge.version, knowledge.sha256, stages_in_words(knowledge), tuple(tables.of(Disagreement).values()),
        origins(knowledge), options, _studies(knowledge, options), tuple(cited(_cited_by_cards(knowledge), knowledge)),
        tuple(_settings(knowledge)), tuple(_limits(knowledge)),
        tuple(Referral(knowledge.reference(id).cited, tables.row(Guideline, id).says) for id in REFERRAL),
        knowledge.texts.causes,
        tuple((each.id, each.title, answers(each, knowledge)) for each in tables.of(Family).values()),
    )  # fmt: skip


def _studies(knowledge: Knowledge, options: tuple[InFull, ...]) -> tuple[Study, ...]:
    """Every study of the options and of the panel on transplant and ECMO, once."""
    named = [each.id for option in options for each in option.studies]
    return tuple(study(knowledge, id) for id in dict.fromkeys((*named, *TRANSPLANT, *ECMO)))


def _cited_by_cards(knowledge: Knowledge) -> Iterator[str]:
    """Every source that a card cites, once."""
    topics = (topic for family in knowledge.tables.of(Family).values() for topic in family.topics)
    yield from dict.fromkeys(id for topic in topics for id in knowledge.texts.topic(topic).evidence)


def _settings(knowledge: Knowledge) -> Iterator[Setting]:
    """Every parameter; those that decide a criterion name it."""
    used: dict[str, list[str]] = {}
    for id, names in LIMITS.items():
        for name in names:
            used.setdefault(name, []).append(criterion_word(knowledge, id))
    for name in knowledge.parameters:
        yield Setting(limit(name, knowledge), tuple(used.get(name, ())))


def _limits(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for row in knowledge.tables.of(Prognostic).values():
        if row.use in SHOWN:
            yield people(row.rule), knowledge.reference(row.source).cohort
