"""The parts of a card by their titles: what is unknown stands under its own."""

from __future__ import annotations

from rpild_rules.assess import assess
from rpild_rules.recommend import Call, choose
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped


def test_a_card_tells_why_what_is_unknown_what_to_consider_and_its_basis() -> None:
    lines = ("test anti-mda5-qual positive @-14d", "condition dyspnea @-18D", "pao2 55 @-1d")
    (card,), _ = choose(assess(chart(*lines), shipped(), NOW), Call("patient-view"))
    titles = [section.title for section in card.sections if section.title]
    assert [title for title in titles if title in ("Why", "Unknown", "Consider", "Basis")] == [
        "Why", "Unknown", "Consider", "Basis",
    ]  # fmt: skip
