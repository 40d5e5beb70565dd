"""Notes what every decision saw: the values of its conditions, its outcome, and the first test that led there."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from tests.mcdc.decisions import Decision, Instrumented
from tests.mutation.mutants import Source
from tests.mutation.running import RULES, Running

# What reads the data files is no rule about a patient: tests/knowledge and tests/rules/test_knowledge.py try it.
# What only words an answer, or draws it, decides nothing either: wording and branches are tried elsewhere.
NO_RULES = {
    "__init__", "knowledge", "overrides", "parameter", "pathway_rows", "references", "rows", "source_attributes",
    "strict_toml", "tables", "texts", "findings",
    "basis", "contract", "details", "lead", "medians", "order_lines", "plain_words", "transplant_lines", "trends",
}  # fmt: skip
Row = tuple[str, ...]


class Recording:
    """All decisions with the rows they met: values of the conditions ("T", "F", "-" not looked at, or statuses)."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.rows: list[dict[tuple[Row, str], str]] = []
        self.judged: set[int] = set()
        self.test = ""
        self._stack: list[tuple[int, dict[int, bool]]] = []

    def install(self) -> None:
        """Put the reporting code in place of the running rules."""
        for path in sorted(RULES.glob("*.py")):
            if path.stem not in NO_RULES:
                told = Instrumented(path, len(self.decisions))
                self.decisions += told.decisions
                vars(importlib.import_module(f"rpild_rules.{path.stem}")).update(self._reporters())
                Running(Source(path)).exchange(compile(told.tree, str(path), "exec", dont_inherit=True))
        self.rows = [{} for _ in self.decisions]

    def is_choice(self, number: int) -> bool:
        """`a or b` that never ended in a truth value: it names a thing and its stand-in, and decides nothing."""
        decision = self.decisions[number]
        if decision.kleene or not self.rows[number]:
            return False
        return number not in self.judged or decision.stand_in

    def _reporters(self) -> dict[str, Any]:
        return {"_begin": self._begin, "_seen": self._seen, "_decided": self._decided, "_kleene": self._kleene}

    def _begin(self, number: int) -> int:
        self._stack.append((number, {}))
        return number

    def _seen(self, number: int, place: int, value: Any) -> Any:
        self._to(number)[place] = bool(value)
        return value

    def _decided(self, number: int, value: Any) -> Any:
        seen = self._to(number)
        self._stack.pop()
        count = len(self.decisions[number].conditions)
        if isinstance(value, bool) or not value:
            self.judged.add(number)
        row = tuple("-" if place not in seen else "T" if seen[place] else "F" for place in range(count))
        self.rows[number].setdefault((row, "T" if value else "F"), self.test)
        return value

    def _to(self, number: int) -> dict[int, bool]:
        """The row being filled; rows above it were left by an exception."""
        while self._stack[-1][0] != number:
            self._stack.pop()
        return self._stack[-1][1]

    def _kleene(self, number: int, combine: Any, *given: Any) -> Any:
        legs = tuple(given[-1])
        result = combine(*given[:-1], legs)
        row = tuple(str(getattr(leg, "status", leg)) for leg in legs)
        self._name(self.decisions[number], legs)
        self.rows[number].setdefault((row, str(getattr(result, "status", result))), self.test)
        return result

    @staticmethod
    def _name(decision: Decision, legs: Iterable[Any]) -> None:
        if not decision.conditions:
            decision.conditions[:] = [getattr(leg, "id", f"leg {n}") for n, leg in enumerate(legs, 1)]
