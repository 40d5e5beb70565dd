"""What a decision tells reports: topics, criteria left open, unusable data, unread codes; no patient value."""

from __future__ import annotations

from collections import Counter

import orjson

from cds_hooks.ports import Evaluated
from rpild_rules.facts import PatientFacts

MOST = 30  # kinds of each sort in one record


def summarize(evaluated: Evaluated) -> str:
    """JSON text; `fired` are the cards that the rules would send, `shown` those that were sent."""
    conclusion = evaluated.conclusion
    shown = [each.topic for each in conclusion.choice.sent]
    content = {
        "fired": sorted({*shown, *conclusion.choice.muted}),
        "shown": shown,
        "suppressed": sorted(conclusion.choice.suppressed),
        "judged": [each.id for each in conclusion.assessment.findings],
        "unknown": [each.id for each in conclusion.assessment.findings if each.unknown],
        "unusable": _most(unusable(evaluated.inputs.facts)),
        "unmapped": _most(evaluated.unread),
    }
    return orjson.dumps(content).decode()


def unusable(facts: PatientFacts) -> Counter[str]:
    """`ferritin:unit`: results that could not be used, by concept and reason."""
    spoilt = (f"{each.concept}:{each.problem}" for each in facts.measurements if each.problem)
    broken = (f"{each.element}:{each.reason}" for each in facts.unreadable)
    return Counter([*spoilt, *broken])


def _most(counts: Counter[str]) -> dict[str, int]:
    return dict(counts.most_common(MOST))
