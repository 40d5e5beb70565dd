"""Runs the tests that a fault concerns until the first that fails; the fault is put into the running rules, and out."""

from __future__ import annotations

import gc
import os
import resource
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, islice
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

from tests.mutation.constants import changed_names, exchange, readers
from tests.mutation.items import fails, raises, wanted
from tests.mutation.ledger import CHART, KILLED, SURVIVED, TIMED_OUT, UNREACHED
from tests.mutation.mutants import Mutant, Source
from tests.mutation.replay import Calls
from tests.mutation.running import Running, memories

LOADING, SILENT, IMPORT = "loading", "silent: ", "the import"
KEEPS = "facts"  # its objects keep what was worked out once, so calls that are made again tell nothing
TESTS = ("tests/rules", "tests/knowledge")
TOO_SLOW = ("tests/rules/test_invariants.py", "tests/rules/test_cards_read.py")
KNOWLEDGE_TESTS = ("tests/rules/test_knowledge.py", "tests/rules/test_texts.py", "tests/knowledge/")

if TYPE_CHECKING:
    from tests.mutation.oracle_charts import OracleChart

SLOW = 1.0  # seconds; slower tests (many random examples) are left out: too dear for every fault
QUICK = 0.2  # seconds; quick tests are run only if a fault concerns them, by their calls
MOST = 2000  # tests that a fault concerns and that do not find it
Report = Callable[[Mutant, str, str, float], None]
Wanted = list[tuple[Source, list[Mutant]]]


class Killing:
    """A pytest plugin: one round without faults that notes which test reaches which line, then the faults."""

    def __init__(self, wanted: Wanted, report: Report, charts: int, spare: float) -> None:
        self.wanted, self.report = wanted, report
        self.charts, self.spare = charts, spare
        self.fails: dict[str, Callable[[], bool]] = {}
        self.seconds: dict[str, float] = {}
        self.luck: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.calls = Calls(())
        self.turn: dict[str, int] = {}
        self.patched = set[str]()  # their calls were answered by something else than the rules

    def pytest_configure(self) -> None:
        """Examples are the same in every process, and a failure is not made smaller: one is enough."""
        # Imported here and not above: pytest wants to see hypothesis, and the tests, before anybody imports them.
        from hypothesis import HealthCheck, Phase, settings

        phases = (Phase.explicit, Phase.generate)
        every = list(HealthCheck)
        settings.register_profile(
            "mutants", derandomize=True, database=None, deadline=None, phases=phases, suppress_health_check=every
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the usual loop."""
        quick = [item for item in session.items if not item.nodeid.startswith(TOO_SLOW)]
        self.fails = {item.nodeid: partial(fails, item) for item in quick} | self._oracle()
        self.patched = {item.nodeid for item in quick if "monkeypatch" in wanted(item)}
        every = [Fault(Running(source), mutant) for source, mutants in self.wanted for mutant in mutants]
        faults = [fault for fault in every if fault.fits]
        failed = self._first_round({function for fault in faults for function in fault.functions})
        if failed:
            pytest.exit(f"these tests fail without any fault: {', '.join(failed[:5])}", 1)
        by_time = sorted(self.fails, key=lambda n: (self.seconds[n], n))
        self.turn = {name: place for place, name in enumerate(in_turn(by_time))}
        for fault in faults:
            self._try(fault)
        return True

    def _first_round(self, functions: set[FunctionType]) -> list[str]:
        """Every test without a fault: its time, and the calls it makes; gives those that fail."""
        self.calls, failed = Calls(functions), []
        memories(all_of_them=True)  # looked for now: what is frozen below is found no more
        gc.disable()  # nothing of what is noted is to be given back
        with self.calls.noting() as end_of:
            _load()
            end_of(LOADING)
            for name, broken in self.fails.items():
                start = time.process_time()
                failed += [name] if broken() else []
                self.seconds[name] = time.process_time() - start
                end_of(name)
        gc.freeze()
        gc.enable()
        return failed

    def _reached(self, fault: Fault) -> set[str]:
        return set[str]().union(*(self.calls.tests(function) for function in fault.functions))

    def _oracle(self) -> dict[str, Callable[[], bool]]:
        from tests.mutation.oracle_charts import oracle_charts
        from tests.rules.test_cases import shipped

        def agrees(chart: OracleChart) -> None:
            assert not chart.differs(shipped())  # of a copy: what facts keep from another run is not asked for

        return {name: partial(raises, agrees, {"chart": chart}) for name, chart in oracle_charts(self.charts).items()}

    def _try(self, fault: Fault) -> None:
        start, mutant = time.perf_counter(), fault.mutant
        reached = self._reached(fault)
        plan = self._plan(fault, reached)
        if not reached:
            self.report(mutant, UNREACHED, "", 0.0)
            return
        fate, by = self._fate(fault, plan)
        if fate == KILLED and by != IMPORT:
            self.luck[mutant.module, mutant.place].insert(0, by)
            if self.fails[by]():
                pytest.exit(f"{by} still fails without the fault that it found: {mutant}", 1)
        self.report(mutant, fate, by, time.perf_counter() - start)

    def _fate(self, fault: Fault, plan: Plan) -> tuple[str, str]:
        """What becomes of the fault; afterwards everything is as it was."""
        forgotten = memories(all_of_them=plan.loads)
        try:
            put_back = fault.put_in_place()
        except Exception:  # noqa: BLE001 - whatever hinders the import
            return KILLED, IMPORT
        try:
            with in_time(3 + 4 * self._seconds(fault, plan)):
                _forget(forgotten)
                by = self._killer(fault, plan)
                return (SURVIVED if by.startswith(SILENT) else KILLED), by
        except Endless:
            return TIMED_OUT, ""
        finally:
            put_back()
            _forget(forgotten)

    def _seconds(self, fault: Fault, plan: Plan) -> float:
        told = sum(self.calls.seconds(function) for function in fault.functions)
        return told + sum(self.seconds[name] for name in (*plan.asked[:MOST], *plan.run))

    def _plan(self, fault: Fault, reached: set[str]) -> Plan:
        """Quick tests of known calls in the order in which they may find it; the others from the quickest on."""
        names = {name for name in reached if name in self.fails and self.seconds[name] < SLOW}
        loads = LOADING in reached
        if loads:
            names |= {name for name in self.fails if name.startswith(KNOWLEDGE_TESTS) and self.seconds[name] < SLOW}
        told = [f for f in fault.functions if self.calls.is_told(f)]
        silent = len(told) < len(fault.functions) or not told or fault.mutant.module == KEEPS
        quick = {n for n in names if not silent and self.seconds[n] < QUICK}
        asked = {n for n in quick if all(self.calls.is_whole(f, n) for f in told)} - self.patched
        if loads:
            asked -= {name for name in names if name.startswith(KNOWLEDGE_TESTS)}
        rest = self._ordered(fault.mutant, names - asked)
        spent = accumulate(self.seconds[name] for name in rest)
        run = [name for name, after in zip(rest, spent, strict=True) if after < self.spare]
        return Plan(self._ordered(fault.mutant, asked), run, loads)

    def _ordered(self, mutant: Mutant, names: set[str]) -> list[str]:
        """Those that found other faults of this function, those named after the module, then all kinds in turn."""
        lucky = [name for name in dict.fromkeys(self.luck[mutant.module, mutant.place]) if name in names][:40]
        rest = sorted(names, key=lambda n: (mutant.module not in n, self.turn[n]))
        return [*dict.fromkeys((*lucky, *rest))]

    def _killer(self, fault: Fault, plan: Plan) -> str:
        """The first test that fails; else how many tests go another way and say nothing."""
        concerned = islice((name for name in plan.asked if self._concerned(fault, name)), MOST)
        heard = []
        for name in chain(concerned, plan.run):
            if self.fails[name]():
                return name
            heard += [name] if name not in plan.run else []
        return f"{SILENT}{len(heard)} tests go another way, {len(plan.run)} more were run: {heard[:1]}"

    def _concerned(self, fault: Fault, name: str) -> bool:
        return any(self.calls.concerned(function, name) for function in fault.functions)


@dataclass(frozen=True)
class Plan:
    """The tests for one fault: `asked` are run where the fault concerns them, `run` in any case."""

    asked: list[str]
    run: list[str]
    loads: bool


class Fault:
    """One fault and the running functions that it is in, or that read the table it is in."""

    def __init__(self, running: Running, mutant: Mutant) -> None:
        self.running, self.mutant = running, mutant
        self.names = frozenset[str]() if mutant.place else changed_names(running.source, mutant)
        inside = running.at(mutant.place) if mutant.place else []
        self.functions = inside or (readers(running.source, self.names) if self.names else [])
        self.fits = bool(mutant.place or self.names)

    def put_in_place(self) -> Callable[[], None]:
        """Gives what takes it out again."""
        if self.names:
            return exchange(self.running.source, self.mutant, self.names)
        return self.running.infect(self.mutant)


def _forget(memories: list[Callable[[], None]]) -> None:
    for forget in memories:
        forget()


class Endless(BaseException):
    """A fault that does not come to an end; no test may take it for a failure of its own."""


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """Ends, by Endless, what takes more of the processor than so many seconds."""

    def end(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def in_turn(names: list[str]) -> list[str]:
    """One of each file of cases, one of each test module, one chart of the oracle, and again: differing ones first."""
    places: Counter[str] = Counter()
    ranked = []
    for name in names:
        kind = CHART if name.startswith(CHART) else name.partition(": " if "[" in name else "::")[0]
        ranked.append((places[kind], kind, name))
        places[kind] += 1
    return [name for _, _, name in sorted(ranked)]


def _load() -> None:
    from rpild_rules.knowledge import load_knowledge

    load_knowledge()


def in_a_fork(work: Callable[[], str], seconds: float) -> tuple[str, str]:
    """The name that `work` gives, from a process of its own; one that does not end in time is ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _child(work, writer, seconds)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return TIMED_OUT, ""
    return (KILLED, told) if told else (SURVIVED, "")


def _child(work: Callable[[], str], writer: int, seconds: float) -> None:
    gc.disable()
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of the processor: a busy machine ends no test
    told = "the fault itself"
    with suppress(BaseException):
        told = work()
    os.write(writer, told.encode())
    os._exit(0)
