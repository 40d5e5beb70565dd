"""The decision tables: every condition is shown to decide on its own, or explained; the page is theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mcdc.decisions import Instrumented
from tests.mcdc.independence import Rows, needs, shown, unchosen

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_condition_decides_alone_and_the_page_says_how() -> None:
    """In a process of its own: the rules are exchanged for reporting ones there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE", "PYTEST"))}
    command = [sys.executable, "-m", "tests.mcdc", "--check"]
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def decisions(tmp_path: Path, text: str) -> Instrumented:
    file = tmp_path / "rule.py"
    file.write_text(text, encoding="utf-8")
    return Instrumented(file, 0)


def test_rules_are_found_with_their_conditions(tmp_path: Path) -> None:
    text = (
        "def f(a, b, c):\n    x = [y for y in c if y or not (a and b)]\n    return any_of((a, b)) if a > b else not a\n"
    )
    found = decisions(tmp_path, text).decisions
    assert [(d.title, d.text, d.conditions, d.kleene) for d in found] == [
        ("rule.f", "y or not (a and b)", ["y", "a", "b"], ""),
        ("rule.f", "any_of((a, b))", ["a", "b"], "or"),
    ]


def test_rows_that_differ_in_one_condition_show_it(tmp_path: Path) -> None:
    (rule,) = decisions(tmp_path, "def f(a, b):\n    return a and b\n").decisions
    all_rows: Rows = {(("T", "T"), "T"): "one", (("T", "F"), "F"): "two", (("F", "-"), "F"): "three"}
    assert shown(rule, all_rows)[1] == []
    for left_out, missing in (("one", ["a", "b"]), ("two", ["b"]), ("three", ["a"])):
        rows = {row: test for row, test in all_rows.items() if test != left_out}
        assert [need.named(rule) for need in shown(rule, rows)[1]] == missing


def test_a_leg_of_three_values_is_to_decide_and_to_leave_open(tmp_path: Path) -> None:
    (rule,) = decisions(tmp_path, "def f(a, b):\n    return all_of((a, b))\n").decisions
    assert [need.named(rule) for need in needs(rule)] == ["a = notMet", "a = unknown", "b = notMet", "b = unknown"]
    rows: Rows = {(("met", "met"), "met"): "", (("notMet", "met"), "notMet"): "", (("unknown", "met"), "unknown"): ""}
    assert [need.named(rule) for need in shown(rule, rows)[1]] == ["b = notMet", "b = unknown"]


def test_a_stand_in_is_to_be_used(tmp_path: Path) -> None:
    (rule,) = decisions(tmp_path, "def f(a):\n    return a or 0\n").decisions
    assert rule.stand_in
    assert unchosen(rule, {(("T",), "T"): ""}) == ["0"]
    assert unchosen(rule, {(("F", "F"), "F"): "", (("T", "-"), "T"): ""}) == []
