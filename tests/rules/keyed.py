"""The lines of a card by the keys of their texts, so that a test holds which are said and not how they are worded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rpild_rules import basis, details
from rpild_rules.assess import assess
from rpild_rules.assessment import Situation
from rpild_rules.knowledge import Knowledge
from rpild_rules.lead import lead_lines
from rpild_rules.triggers import Due, due_cards
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped


class Keys:
    """Stands in for the texts: gives the key, with the values that would fill the blanks."""

    def __init__(self, texts: Any) -> None:
        self.texts = texts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.texts, name)

    def line(self, topic: str, key: str, **values: str) -> str:
        return _with(f"{topic}.{key}", values)

    def say(self, section: str, key: str, **values: str) -> str:
        return _with(key if section == "lead" else f"{section}.{key}", values)

    def label(self, section: str, key: str) -> str:
        return f"{section}:{key}"


def _with(key: str, values: dict[str, str]) -> str:
    return " ".join([key, *(f"{name}={value}" for name, value in values.items())])


def situation(*lines: str, knowledge: Knowledge | None = None, **options: Any) -> Situation:
    """The situation of a chart, its texts replaced by their keys after everything was judged."""
    found = assess(chart(*lines, **options), knowledge or shipped(), NOW).situation
    assert found, "out of scope"
    return replace(found, knowledge=replace(found.knowledge, texts=Keys(found.knowledge.texts)))  # type: ignore[arg-type]


def due(s: Situation, topic: str) -> Due:
    """The card of that topic, as it is due."""
    return next(each for each in due_cards(s) if each.topic == topic)


PARTS: dict[str, Any] = {
    "lead": lead_lines,
    "basis": basis.basis,
    "unknown": basis.unknown,
    "steps": details.next_steps,
    "open": details.open_criteria,
    "options": details.options,
    "evidence": details.evidence,
    "after failure": details.after_failure,
    "work": details.open_work,
}


def said(part: str, topic: str, *lines: str, **options: Any) -> list[str]:
    """One part of one card, line by line."""
    s = situation(*lines, **options)
    return list(PARTS[part](s, due(s, topic)))
