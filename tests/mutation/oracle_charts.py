"""Charts of the independent oracle as tests: answers worked out once, to be agreed with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge, load_knowledge
from tests.oracle.compare import actual, flat, same
from tests.oracle.evaluate import evaluate
from tests.oracle.generate import story
from tests.rules.charts import NOW


@dataclass(frozen=True)
class OracleChart:
    """One generated chart, the oracle's answers about it, and the fields that readings.py explains."""

    facts: PatientFacts
    wanted: dict[str, Any]
    explained: frozenset[str]

    def differs(self, knowledge: Knowledge) -> bool:
        """Whether the rules and the oracle disagree in a field that nothing explains."""
        return bool(_differences(self.wanted, flat(actual(replace(self.facts), knowledge))) - self.explained)


def _differences(mine: dict[str, Any], theirs: dict[str, Any]) -> frozenset[str]:
    if mine["gate"] != theirs["gate"]:
        return frozenset({"gate"})
    return frozenset(name for name, value in mine.items() if not same(value, theirs.get(name)))


def oracle_charts(count: int) -> dict[str, OracleChart]:
    """The first charts of the oracle by name; what differs without any fault is explained (tests/oracle holds that)."""
    knowledge, charts = load_knowledge(), {}
    for seed in range(count):
        facts = story(seed).facts()
        wanted = flat(evaluate(facts, NOW))
        charts[f"oracle chart {seed}"] = OracleChart(
            facts, wanted, _differences(wanted, flat(actual(facts, knowledge)))
        )
    return charts
