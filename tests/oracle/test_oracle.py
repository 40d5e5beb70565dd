"""The rules against a second evaluation that shares no code with them, on seeded charts around every threshold."""

from __future__ import annotations

import pytest

from rpild_rules.knowledge import load_knowledge
from tests.oracle.compare import differences
from tests.oracle.evaluate import evaluate
from tests.oracle.generate import Story, story
from tests.oracle.shrink import shrunk, told
from tests.oracle.soak import examine, occurrences
from tests.rules.charts import NOW

SHARDS, SIZE = 8, 250
KNOWLEDGE = load_knowledge()


@pytest.mark.parametrize("shard", range(SHARDS))
def test_rules_and_oracle_agree(shard: int) -> None:
    """Every compared field of every chart, but for the explained readings; a failure shows a minimal chart."""
    found = examine(range(shard * SIZE, (shard + 1) * SIZE)).found
    assert not found, f"{len(found)} fields disagree; the first:\n{_explained(*found[0])}"


def _explained(seed: int, name: str) -> str:
    small = shrunk(story(seed), name, KNOWLEDGE)
    return told(small, next(d for d in differences(small, KNOWLEDGE) if d[0] == name))


STAGES = (
    "outOfScope", "suspected", "ruleOuts", "antibodyPending", "surveillance", "firstLine", "response",
    "refractory", "rescue",
    "maintenance", "otherMsa", "aip",
)  # fmt: skip
TOPICS = (
    "combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway", "undeterminedHighRisk",
    "mda5Surveillance",
    "threeMonthProgression", "workup", "refractoryOptions", "transplantReferral", "ecmoTransplant",
    "avoidForInduction", "dataQuality",
)  # fmt: skip


def test_sample_reaches_every_stage_and_card() -> None:
    """A comparison proves nothing about a stage that never occurs."""
    seen = {name for seed in range(1500) for name in occurrences(evaluate(story(seed).facts(), NOW))}
    wanted = {f"stage {name}" for name in STAGES} | {f"card {topic}" for topic in TOPICS}
    assert wanted <= seen, f"never reached: {sorted(wanted - seen)}"


def test_stories_are_reproducible() -> None:
    """The same seed gives the same chart."""
    assert [story(seed) for seed in range(20)] == [story(seed) for seed in range(20)]


def test_a_disagreement_is_found_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule broken on purpose shows in the comparison, and the chart that shows it becomes small."""
    broken = {**evaluate(Story(("condition dermatomyositis @-20d",)).facts(), NOW), "kurasawa": 3}
    monkeypatch.setattr("tests.oracle.compare.evaluate", lambda *_: broken)
    chart = Story(("condition dermatomyositis @-20d", "ck 1 @-1d", "crp 5 @-2d"))
    small = shrunk(chart, "kurasawa", KNOWLEDGE)
    assert len(small.lines) == 1
    assert "kurasawa: oracle 3, rules 0" in told(
        small, next(d for d in differences(small, KNOWLEDGE) if d[0] == "kurasawa")
    )
