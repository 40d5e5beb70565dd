"""The requirements on the service and their proofs: CDS Hooks (CH), attacks (A), bad calls (H), bad servers (F).

`python -m tests.conformance.requirements` runs those tests and prints the table: proven, explained, missing. Its status
is 1 if a SHALL is missing or fails. With `--write` it enters the marked tests into tests/requirements.csv instead.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TABLE = TESTS / "requirements.csv"
COLUMNS = ("id", "level", "text", "tests", "explanation")
LEVELS = ("SHALL", "SHOULD", "MAY")


@dataclass(frozen=True)
class Requirement:
    """One row. `tests` are `path::function`, separated by spaces; `explanation` says why there is none."""

    id: str
    level: str
    text: str
    tests: str
    explanation: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.tests.split())


def read_table() -> list[Requirement]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Requirement(**row) for row in csv.DictReader(file)]


def marked() -> dict[str, list[str]]:
    """The tests that carry each requirement's mark, as `path::function`, found in the sources."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, identity in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            found[identity].append(f"{path.relative_to(TESTS.parent)}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    for function in (node for node in module.body if isinstance(node, ast.FunctionDef)):
        for mark in function.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.verifies":
                yield from ((function.name, ast.literal_eval(each)) for each in mark.args)


class Outcomes:
    """Collects how each test went, over all its cases: passed, failed or skipped."""

    def __init__(self) -> None:
        self.by_test: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.by_test[report.nodeid.split("[")[0]].add(report.outcome)


def verdict(requirement: Requirement, outcomes: dict[str, set[str]]) -> str:
    """`proven`, `failing`, `not run`, `explained` or `missing`."""
    seen = [outcomes.get(name, set()) for name in requirement.names]
    if not seen:
        return "explained" if requirement.explanation else "missing"
    if any("failed" in each for each in seen):
        return "failing"
    return "proven" if all("passed" in each for each in seen) else "not run"


def print_table(outcomes: dict[str, set[str]]) -> bool:
    """Print every requirement and the sums; whether every SHALL is proven or explained."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in read_table():
        told = verdict(each, outcomes)
        counts[each.level, told] += 1
        tests = f"{len(each.names)} tests" if each.names else each.explanation
        sys.stdout.write(f"{each.id:8} {each.level:6} {told:9} {each.text} [{tests}]\n")
    for level in LEVELS:
        sums = ", ".join(f"{number} {told}" for (its, told), number in counts.items() if its == level)
        sys.stdout.write(f"{level}: {sums}\n")
    return not any(told not in ("proven", "explained") for (level, told) in counts if level == "SHALL")


def write_table() -> None:
    tests = marked()
    rows = [(each.id, each.level, each.text, " ".join(tests[each.id]), each.explanation) for each in read_table()]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def main() -> int:
    if "--write" in sys.argv:
        write_table()
        return 0
    seen = Outcomes()
    paths = sorted({name.split("::")[0] for each in read_table() for name in each.names})
    pytest.main(["-q", "-m", "verifies", "-p", "no:cacheprovider", *paths], plugins=[seen])
    return 0 if print_table(seen.by_test) else 1


if __name__ == "__main__":
    sys.exit(main())
