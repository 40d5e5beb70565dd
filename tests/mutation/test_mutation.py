"""The tool that tries the tests: its faults are put in place and found, and what is explained is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rpild_rules import gate
from rpild_rules.when import TOLERANCE, When
from tests.mutation.constants import changed_names, exchange, readers
from tests.mutation.killing import Endless, Fault, in_a_fork, in_time, in_turn
from tests.mutation.ledger import KILLED, SURVIVED, TIMED_OUT, Explained, Ledger, explained
from tests.mutation.mutants import Mutant, Source
from tests.mutation.replay import Calls
from tests.mutation.running import Running, sources

ROOT = Path(__file__).resolve().parents[2]
WHEN = ROOT / "rpild_rules/when.py"


def fault(source: Source, place: str, change: str) -> Mutant:
    (found,) = [m for m in source.mutants if (m.place, m.change) == (place, change)]
    return found


def test_every_explained_survivor_is_a_fault_of_the_rules_of_today() -> None:
    entries = explained()
    there = {(m.module, m.text, m.change) for s in sources(sorted({e.module for e in entries})) for m in s.mutants}
    gone = [f"{e.module}: {e.line} | {e.change}" for e in entries if (e.module, e.line, e.change) not in there]
    assert gone == [], "the line or the change is no longer there: try the module anew, then correct survivors.toml"
    assert [e for e in entries if not e.why.strip()] == []


def test_every_kind_of_fault_is_made() -> None:
    text = (
        "LIST = {'a', 'b'}\n\ndef f(a: int, *rest: str, key: str = '') -> bool:\n"
        "    if a < 1 and not rest:\n        return g(a, 'b', key=key) is MET\n    return True\n"
    )
    wanted = {
        "{'a', 'b'} without 'a'": "",
        "{'a', 'b'} without 'b'": "",
        "'' → '~'": "",
        "a < 1 → a <= 1": "f",
        "a < 1 → a >= 1": "f",
        "1 → 2": "f",
        "a < 1 and (not rest) → or": "f",
        "a < 1 and (not rest) without a < 1": "f",
        "a < 1 and (not rest) without not rest": "f",
        "if a < 1 and (not rest) → if not": "f",
        "not rest → rest": "f",
        "g(a, 'b', key=key) without key=key": "f",
        "g(a, 'b', key=key) without 'b'": "f",
        "'b' → 'b~'": "f",
        "g(a, 'b', key=key) is MET → g(a, 'b', key=key) is not MET": "f",
        "MET → NOT_MET": "f",
        "MET → UNKNOWN": "f",
        "return g(a, 'b', key=key) is MET → return None": "f",
        "True → False": "f",
    }
    assert {m.change: m.place for m in made(text).mutants} == wanted


def made(text: str) -> Source:
    return Source(Path("made.py"), text)


AT_THE_EDGE = "self.earliest > now.latest + TOLERANCE → self.earliest >= now.latest + TOLERANCE"


def at_the_edge() -> bool:
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    return When.at(now + TOLERANCE, UTC).ahead_of(When.at(now, UTC))


def test_a_fault_acts_on_the_running_function_until_it_is_taken_out() -> None:
    source = Source(WHEN)
    wanted = Fault(Running(source), fault(source, "When.ahead_of", AT_THE_EDGE))
    assert wanted.functions == [When.__dict__["ahead_of"]]
    assert not at_the_edge()
    put_back = wanted.put_in_place()
    assert at_the_edge()
    put_back()
    assert not at_the_edge()


def test_a_fault_of_a_plain_table_acts_wherever_the_table_was_imported() -> None:
    (concepts,) = sources(["concepts"])
    wanted = next(m for m in concepts.mutants if m.names == ("ILD_GROUP",) and m.change.endswith("without 'aip'"))
    names = changed_names(concepts, wanted)
    assert names == {"ILD_GROUP", "STAY_REASONS"}
    assert {f.__module__ for f in readers(concepts, names)} >= {"rpild_rules.gate"}
    before = gate.ILD_GROUP
    undo = exchange(concepts, wanted, names)
    assert before - gate.ILD_GROUP == {"aip"}
    undo()
    assert gate.ILD_GROUP is before


def test_a_table_that_others_are_made_from_is_imported_anew() -> None:
    (findings,) = sources(["findings"])
    assert not any(changed_names(findings, m) for m in findings.mutants if not m.place)


def test_a_fault_without_effect_survives_and_an_endless_one_is_ended() -> None:
    def endless() -> str:
        while True:
            pass

    assert in_a_fork(lambda: "", 5) == (SURVIVED, "")
    assert in_a_fork(endless, 0.2) == (TIMED_OUT, "")
    with pytest.raises(Endless), in_time(0.2):
        endless()


def test_tests_of_all_kinds_take_turns() -> None:
    cases = [f"tests/rules/test_cases.py::test_case[{stem}: {n}]" for stem in ("gate", "onset") for n in "12"]
    names = [*cases, "tests/rules/test_gate.py::test_a", "oracle chart 1", "oracle chart 2"]
    ordered = in_turn(names)
    assert set(ordered[:4]) == {names[0], names[2], names[4], names[5]}
    assert sorted(ordered) == sorted(names)


def test_a_fault_concerns_the_tests_whose_calls_are_answered_otherwise() -> None:
    source = Source(WHEN)
    wanted = Fault(Running(source), fault(source, "When.ahead_of", AT_THE_EDGE))
    (function,) = wanted.functions
    calls, now = Calls([function]), When.at(datetime(2026, 11, 24, 10, tzinfo=UTC), UTC)
    with calls.noting() as end_of:
        at_the_edge()
        end_of("edge")
        now.ahead_of(now)
        end_of("inside")
        end_of("elsewhere")
    assert calls.tests(function) == {"edge", "inside"}
    assert calls.is_told(function)
    put_back = wanted.put_in_place()
    assert [calls.concerned(function, test) for test in ("edge", "inside", "elsewhere")] == [True, False, False]
    put_back()
    assert not calls.concerned(function, "edge")


def many() -> Iterator[int]:
    yield from (1, 2)


def all_in(*numbers: int, most: int = 3) -> bool:
    return max(numbers) <= most


def test_the_arguments_of_calls_are_noted_as_they_were_given() -> None:
    calls = Calls([all_in, many])
    with calls.noting() as end_of:
        all_in(1, 2, most=9)
        list(many())
        end_of("both")
    assert calls.made[all_in]["both"] == [((1, 2), {"most": 9})]
    assert calls.made[many]["both"] == [((), {})]
    assert calls.is_told(many)
    assert not calls.concerned(many, "both")


def told(number: int, listener: Callable[[int], None]) -> None:
    listener(number)


def test_a_call_that_is_given_a_function_of_a_test_is_not_made_again() -> None:
    def listens(number: int) -> None:
        heard.append(number)

    heard: list[int] = []
    calls = Calls([told])
    with calls.noting() as end_of:
        told(1, listens)
        end_of("a test that listens")
        told(2, print)
        end_of("another")
    assert heard == [1]
    assert not calls.is_whole(told, "a test that listens")
    assert calls.is_whole(told, "another")


def test_the_sample_is_the_same_in_every_run() -> None:
    first, second = ([m.key for m in Source(WHEN).mutants if m.is_one_in(8)] for _ in "12")
    assert first == second
    assert 0 < len(first) < len(Source(WHEN).mutants) / 4


def test_fates_are_kept_until_the_function_changes(tmp_path: Path) -> None:
    source, file = Source(WHEN), tmp_path / "mutants.json"
    first, second = source.mutants[0], source.mutants[-1]
    ledger = Ledger(file)
    ledger.know(source)
    ledger.enter(first, KILLED, "test", 0.1)
    ledger.enter(second, SURVIVED, "", 0.1)
    ledger.write()
    again = Ledger(file)
    again.know(source)
    assert first not in again.open(source.mutants)
    assert second in again.open(source.mutants)
    assert [m.change for m in again.alive(source.mutants)] == [second.change]
    changed = Source(WHEN)
    changed.shapes[first.place] = "another"
    again.know(changed)
    assert first in again.open(changed.mutants)


def test_an_explained_survivor_is_neither_tried_nor_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(WHEN)
    one = source.mutants[0]
    monkeypatch.setattr("tests.mutation.ledger.explained", lambda: [Explained("when", one.text, one.change, "why")])
    ledger = Ledger(tmp_path / "mutants.json")
    ledger.know(source)
    ledger.enter(one, SURVIVED, "", 0.1)
    assert one not in ledger.open(source.mutants)
    assert ledger.alive(source.mutants) == []
    assert list(ledger.table([source]))[1].split()[5] == "1"


OUTSIDE = """
from tests.mutation.outside import try_outside
from tests.mutation.replay import Calls
from tests.mutation.running import sources
(gate,) = sources(["gate"])
(fault,) = [m for m in gate.mutants if m.change.endswith("without 'G3e'") and not m.place]
print(*try_outside(gate, fault))
"""


def test_a_fault_of_a_table_is_found_by_a_case_named_after_the_module() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE", "PYTEST"))}
    command = [sys.executable, "-c", OUTSIDE]
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("killed gate: ")
