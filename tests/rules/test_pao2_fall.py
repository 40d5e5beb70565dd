"""The fall of PaO2 is told with its size, in the unit of its limit."""

from __future__ import annotations

import pytest

from rpild_rules.assess import assess
from rpild_rules.knowledge import load_knowledge
from tests.rules.charts import NOW, chart

AIR = ("fio2 0.21 @-9d", "fio2 0.21 @-1h")


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        ("69", ": fall of 15 mmHg"),
        ("83.5", ": fall of 0.5 mmHg"),
        ("84", ": fall of 0 mmHg"),
        ("90", ": rise of 6 mmHg"),
    ],
)
def test_the_size_of_the_change_is_told(newest: str, words: str) -> None:
    facts = chart("test anti-mda5-qual positive @-14d", "pao2 84 @-9d", f"pao2 {newest} @-1h", *AIR)
    s = assess(facts, load_knowledge(), NOW).situation
    assert s
    assert s.found["pao2Decline"].because.endswith(words)
