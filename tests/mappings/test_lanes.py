"""The fast and the lenient lane agree on a seeded sample of dirty charts; the soak runs many more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rpild_rules.knowledge import load_knowledge
from tests.mappings.dirty import TRAPS, clean, dirty
from tests.mappings.lanes import NOW, PATIENT, difference, gate_difference, mutated, outcome

KNOWLEDGE = load_knowledge()


@pytest.mark.parametrize("first", range(0, 5000, 500))
def test_both_lanes_agree(first: int) -> None:
    found = [difference(seed, KNOWLEDGE if seed % 50 == 0 else None) for seed in range(first, first + 500)]
    assert [text for text in found if text] == []


def test_the_comparison_at_the_gate_is_not_empty() -> None:
    found = [gate_difference(seed, mutated(seed)) for seed in range(300)]
    assert [text for text, _ in found if text] == []
    assert 30 < sum(skimmed for _, skimmed in found) < 270


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_every_trap_changes_the_chart_or_how_it_reads(name: str) -> None:
    assert any(dirty(PATIENT, NOW, [name], seed) != clean(PATIENT, NOW) for seed in range(9))
    assert {outcome(dirty(PATIENT, NOW, [name], seed), marked=True)[0][0] for seed in range(9)} == {"read"}


def test_all_traps_together() -> None:
    found, chart = outcome(dirty(PATIENT, NOW, sorted(TRAPS), 7), marked=False)
    assert chart is not None
    assert found[2] != ()
    assert chart.facts.measurements


def test_a_seed_is_one_chart() -> None:
    assert mutated(17) == mutated(17)
    assert len({json.dumps(mutated(seed), default=str) for seed in range(50)}) > 40


def test_the_generator_prints_a_chart(root: Path) -> None:
    command = [sys.executable, "-m", "tests.mappings.dirty", "--trap", "no-unit", "--patient", "p9"]
    printed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    assert json.loads(printed)["entry"][0]["resource"]["id"] == "p9"
    listed = subprocess.run([*command[:3], "--list"], cwd=root, capture_output=True, check=True, text=True).stdout
    assert listed.count("\n") == len(TRAPS) > 20


def test_the_soak_counts(root: Path) -> None:
    command = [sys.executable, "-m", "tests.mappings.soak", "--charts", "1", "--first", "900000"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "1000 mutated charts read by both lanes, 0 differences",
    )
