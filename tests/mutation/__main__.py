"""Mutation testing of the rules: `python -m tests.mutation [MODULE ...] [--fresh]`; fails on an unexplained survivor.

Each fault (tests/mutation/faults.py) is put into the running rules in a forked process; only the tests that reach its
line are run, until the first that fails: those of tests/rules with all of tests/cases, those of tests/knowledge, and
charts of the oracle. Fates are kept in build/mutants.json, so a run that is stopped goes on where it was; a fate counts
as long as the function around the fault is the same. `--fresh` forgets them.

Why not mutmut: version 3.8.1 was tried. By its source it leaves out every decorated function (all properties) and all
that stands outside of functions (the doors of the gate, the triggers, the sets of concepts), where rules live that are
data; it chooses tests by function, not by line; and it has no place for the reason why a survivor is none. Making its
changed copy of the rules took 46 s, and its first round of tests did not start in that copy.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from tests.mutation.killing import TESTS, Killing
from tests.mutation.ledger import KEPT, KILLED, SURVIVED, UNREACHED, Ledger
from tests.mutation.mutants import Mutant, Source
from tests.mutation.outside import try_outside
from tests.mutation.running import sources

EVERY = 200
ONE_IN = 8


def main() -> int:
    """Try what is open, print the table and the survivors."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--fresh", action="store_true", help="forget the fates of earlier runs")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the file of fates; one for each run at work")
    parser.add_argument("--charts", type=int, default=200, help="charts of the oracle that help to find faults")
    parser.add_argument("--spare", type=float, default=20, help="seconds for tests whose calls are not known")
    parser.add_argument("--no-tables", action="store_true", help="leave out faults outside of functions: seconds each")
    parser.add_argument("--only-tables", action="store_true", help="leave out all others")
    parser.add_argument("--all", action="store_true", help=f"all faults; without it one in {ONE_IN}, always the same")
    parser.add_argument("--told", action="store_true", help="only print what is known")
    options = parser.parse_args()
    chosen = sources(options.modules)
    for source in chosen:
        source.tried = [m for m in source.mutants if options.all or m.is_one_in(ONE_IN)]
    if not options.told and not options.only_tables:
        _try(chosen, options)
    ledger = Ledger(options.kept)
    for source in chosen:
        ledger.know(source)
    if not options.told and not options.no_tables:
        _try_tables(ledger, chosen)
    told = "\n".join(ledger.table(chosen))
    alive = [mutant for source in chosen for mutant in ledger.alive(source.tried)]
    sys.stdout.write(f"{told}\n{''.join(map(_shown, alive))}")
    return 1 if alive else 0


def _shown(m: Mutant) -> str:
    return f"{m.module}.py:{m.line} {m.place or 'outside of functions'}\n    {m.text}\n    {m.change}\n"


def _try(chosen: list[Source], options: argparse.Namespace) -> None:
    """In a process of its own, so that this one stays free of the tests."""
    child = os.fork()
    if child == 0:
        os._exit(_session(Ledger(options.kept, options.fresh), chosen, options))
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit("the round without faults did not end well: see above")


def _try_tables(ledger: Ledger, chosen: list[Source]) -> None:
    if try_outside(chosen[0], None)[0] != SURVIVED:
        raise SystemExit("a test fails without any fault when the rules are imported anew")
    for source in chosen:
        # A function that only the import calls is reached by no test either.
        for mutant in [m for m in ledger.open(source.tried) if not m.place or ledger.fate(m) == UNREACHED]:
            start = time.perf_counter()
            fate, by = try_outside(source, mutant)
            _enter(ledger, mutant, fate, by, time.perf_counter() - start)
        ledger.write()


def _enter(ledger: Ledger, mutant: Mutant, fate: str, by: str, seconds: float) -> None:
    ledger.enter(mutant, fate, by, seconds)
    if fate != KILLED:
        sys.stderr.write(f"{fate}: {mutant.module}.py:{mutant.line} {mutant.change} ({seconds:.1f} s)\n")


def _session(ledger: Ledger, chosen: list[Source], options: argparse.Namespace) -> int:
    for source in chosen:
        ledger.know(source)
    tried = count(1)

    def report(mutant: Mutant, fate: str, by: str, seconds: float) -> None:
        _enter(ledger, mutant, fate, by, seconds)
        if next(tried) % EVERY == 0:
            ledger.write()

    wanted = [(source, ledger.open(source.tried)) for source in chosen]
    plugin = Killing(wanted, report, options.charts, options.spare)
    done = int(pytest.main(["-q", "-s", "-p", "no:cacheprovider", *TESTS], plugins=[plugin]))
    ledger.write()
    return done


if __name__ == "__main__":
    sys.exit(main())
