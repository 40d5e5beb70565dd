"""The 13 source attributes of a family of cards, answered from the tables and from what its cards cite."""

from __future__ import annotations

from dataclasses import dataclass

from rpild_rules.knowledge import Knowledge, ParameterError
from rpild_rules.pathway_rows import Attribute, Family

CITATION = "citation"
TABLE = "tables/source_attributes.toml"


@dataclass(frozen=True, slots=True)
class Answer:
    """One attribute: its number in the regulation's list, the question in our words, the answer.

    `sources` are the reference ids behind the first attribute, empty for the others.
    """

    number: int
    question: str
    text: str
    sources: tuple[str, ...] = ()


def family_of(topic: str, knowledge: Knowledge) -> Family:
    """The family that a card topic belongs to; ParameterError for a topic that has none."""
    for family in knowledge.tables.of(Family).values():
        if topic in family.topics:
            return family
    raise ParameterError(TABLE, topic, "belongs to no family", "Add the topic to a family there.")


def answers(family: Family, knowledge: Knowledge) -> tuple[Answer, ...]:
    """All attributes of a family in the order of their numbers."""
    asked = sorted(knowledge.tables.of(Attribute).values(), key=lambda each: each.number)
    return tuple(_answer(each, family, knowledge) for each in asked)


def _answer(attribute: Attribute, family: Family, knowledge: Knowledge) -> Answer:
    number = int(attribute.number)
    if attribute.id != CITATION:
        return Answer(number, attribute.question, getattr(family, attribute.id))
    sources = tuple(dict.fromkeys(id for code in family.topics for id in knowledge.texts.topic(code).evidence))
    cited = "; ".join(f"{knowledge.reference(id).cited} [{id}]" for id in sources)
    return Answer(number, attribute.question, cited, sources)
