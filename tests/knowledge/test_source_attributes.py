"""The 13 source attributes of every card family, complete and true to what the rules read."""

from __future__ import annotations

import pytest

from rpild_rules.knowledge import Knowledge, ParameterError, load_knowledge
from rpild_rules.pathway_rows import Family
from rpild_rules.source_attributes import answers, family_of


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def test_every_topic_has_thirteen_answers(knowledge: Knowledge) -> None:
    for topic in knowledge.texts.topics:
        told = answers(family_of(topic, knowledge), knowledge)
        assert [each.number for each in told] == list(range(1, 14)), topic
        assert [each.number for each in told if not (each.question and each.text)] == [], topic


def test_the_first_answer_cites_what_the_cards_cite(knowledge: Knowledge) -> None:
    first, *others = answers(family_of("steroidOnly", knowledge), knowledge)
    assert {"AVOID-1", "EV-1", "EV-24", "LIT-13"} <= set(first.sources)
    assert "Tsuji" in first.text
    assert [each for each in others if each.sources] == []


def test_no_family_claims_to_use_what_no_rule_reads(knowledge: Knowledge) -> None:
    for family in knowledge.tables.of(Family).values():
        unread = (family.race, family.ethnicity, family.language, family.sexual_orientation, family.gender_identity)
        assert set(unread) == {"no"}, family.id
        assert family.date_of_birth.startswith("yes: adults only"), "the gate asks for an adult"
    assert family_of("pregnancyCheck", knowledge).sex.startswith("yes")
    assert family_of("jakiRisk", knowledge).date_of_birth.endswith("JAK inhibitors")


def test_a_topic_without_a_family_is_told(knowledge: Knowledge) -> None:
    with pytest.raises(ParameterError, match="noSuchCard: belongs to no family"):
        family_of("noSuchCard", knowledge)
