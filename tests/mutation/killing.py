"""Runs the tests that reach a faulty line, each fault in its own forked process, until the first test that fails."""

from __future__ import annotations

import gc
import os
import resource
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.ledger import CHART, KILLED, SURVIVED, TIMED_OUT, UNREACHED
from tests.mutation.mutants import Mutant, Source
from tests.mutation.reach import Reach
from tests.mutation.running import Running, memories, sources

LOADING = "loading"
TESTS = ("tests/rules", "tests/knowledge")
KNOWLEDGE_TESTS = ("tests/rules/test_knowledge.py", "tests/rules/test_texts.py", "tests/knowledge/")

if TYPE_CHECKING:
    from tests.mutation.oracle_charts import OracleChart

SLOW = 4.0  # tests of many random examples take longer still, and are left out: too dear for every fault
Report = Callable[[Mutant, str, str, float], None]


class Killing:
    """A pytest plugin: one round without faults that notes which test reaches which line, then the faults."""

    def __init__(
        self, wanted: Callable[[], Iterable[tuple[Source, list[Mutant]]]], report: Report, charts: int, most: int
    ) -> None:
        self.wanted, self.report = wanted, report
        self.charts, self.most = charts, most
        self.fails: dict[str, Callable[[], bool]] = {}
        self.seconds: dict[str, float] = {}
        self.reach: dict[tuple[str, int], set[str]] = {}
        self.luck: dict[tuple[str, str], list[str]] = defaultdict(list)

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
        self.fails = {item.nodeid: partial(fails, item) for item in session.items} | self._oracle()
        failed = self._first_round()
        if failed:
            pytest.exit(f"these tests fail without any fault: {', '.join(failed[:5])}", 1)
        self.caches = memories()
        for source, mutants in self.wanted():
            running = Running(source)
            for mutant in mutants:
                self._try(running, mutant)
        return True

    def _oracle(self) -> dict[str, Callable[[], bool]]:
        from tests.mutation.oracle_charts import oracle_charts
        from tests.rules.test_cases import shipped

        def agrees(chart: OracleChart) -> None:
            assert not chart.differs(shipped())

        return {name: partial(raises, agrees, {"chart": chart}) for name, chart in oracle_charts(self.charts).items()}

    def _first_round(self) -> list[str]:
        reach, failed = Reach(sources([])), []
        with reach.noting() as end_of:
            _load()
            end_of(LOADING)
            for name, broken in self.fails.items():
                start = time.process_time()
                failed += [name] if broken() else []
                self.seconds[name] = time.process_time() - start
                end_of(name)
        self.reach = reach.tests
        return failed

    def _try(self, running: Running, mutant: Mutant) -> None:
        reached = self.reach.get((mutant.module, mutant.spot), set())
        loads = LOADING in reached
        names = self._ordered(mutant, reached, loads)
        start = time.perf_counter()
        if not names:
            self.report(mutant, UNREACHED, "", 0.0)
            return
        fate, by = in_a_fork(lambda: self._killer(running, mutant, names, loads), 5 + 10 * self._sum(names))
        if by:
            self.luck[mutant.module, mutant.place].insert(0, by)
        self.report(mutant, fate, by, time.perf_counter() - start)

    def _sum(self, names: list[str]) -> float:
        return sum(self.seconds[name] for name in names)

    def _ordered(self, mutant: Mutant, reached: set[str], loads: bool) -> list[str]:
        """The tests that reach a line: those that found other faults of this function, those named after the module."""
        names = {name for name in reached if name in self.fails and self.seconds[name] < SLOW}
        if loads:
            names |= {name for name in self.fails if name.startswith(KNOWLEDGE_TESTS)}
        lucky = [name for name in dict.fromkeys(self.luck[mutant.module, mutant.place]) if name in names][:40]
        own = sorted((n for n in names if mutant.module in n), key=lambda n: (self.seconds[n], n))
        rest = in_turn(sorted(names - set(own), key=lambda n: (self.seconds[n], n)))
        return [*dict.fromkeys((*lucky, *own, *rest))][: self.most]

    def _killer(self, running: Running, mutant: Mutant, names: list[str], loads: bool) -> str:
        running.infect(mutant)
        if loads:
            for forget in self.caches:
                forget()
        return next((name for name in names if self.fails[name]()), "")


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


def fails(item: Any) -> bool:
    """Run one test: called directly where it needs nothing but its parameters, which is five times as quick."""
    given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    wanted = set(item._fixtureinfo.argnames) - set(given)
    if wanted <= {"tmp_path"} and item.cls is None:
        return raises(item.obj, given, bool(wanted))
    if hasattr(item, "_request"):
        item._initrequest()
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def raises(test: Callable[..., None], given: dict[str, Any], in_a_folder: bool = False) -> bool:
    """Whether a test, called with what it needs, fails."""
    try:
        with TemporaryDirectory() if in_a_folder else nullcontext() as folder:
            test(**given, **({"tmp_path": Path(folder)} if folder else {}))
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever a fault brings about is a failure
        return True
    return False


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
