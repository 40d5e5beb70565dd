"""Many random charts through both evaluations: `python -m tests.oracle.soak --charts 100000 [--start SEED]
[--processes N]`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rpild_rules.knowledge import Knowledge, load_knowledge
from tests.oracle.compare import compared, differences
from tests.oracle.evaluate import HOOKS
from tests.oracle.generate import story
from tests.oracle.readings import READINGS, explanation
from tests.oracle.shrink import shrunk, told

CHUNK = 500


@dataclass
class Tally:
    """Disagreements that nothing explains (seed, field), explained ones by reading, and what occurred in the charts."""

    found: list[tuple[int, str]] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in the tally of further charts."""
        self.found += other.found
        self.explained += other.explained
        self.seen += other.seen


@cache
def knowledge() -> Knowledge:
    """The shipped knowledge, once a process."""
    return load_knowledge()


def examine(seeds: range) -> Tally:
    """Both evaluations of some seeds."""
    tally = Tally()
    for seed in seeds:
        chart = story(seed)
        said, found = compared(chart, knowledge())
        for difference in found:
            reading = explanation(chart, difference)
            tally.explained[reading] += bool(reading)
            tally.found += [] if reading else [(seed, difference[0])]
        tally.seen.update(occurrences(said))
    tally.explained += Counter()
    return tally


def occurrences(answer: dict[str, Any]) -> Iterator[str]:
    """Gate, context, stage, cards and reasons of one answer, for the histogram."""
    yield from (f"{name} {answer[name] or 'passed'}" for name in ("gate", "context", "stage"))
    yield from (f"card {topic}" for topic in sorted({topic for hook in HOOKS for topic in answer["cards"][hook]}))
    pairs = [*answer.get("criteria", {}).values(), *answer.get("flags", {}).values()]
    yield from (f"reason {why}" for why in sorted({why for _, why in pairs if why}))


def soak(count: int, start: int, processes: int | None) -> Tally:
    """All seeds on all cores, or on so many, with progress on standard error."""
    chunks = [range(n, min(n + CHUNK, start + count)) for n in range(start, start + count, CHUNK)]
    tally = Tally()
    with ProcessPoolExecutor(processes) as pool:
        for done, more in enumerate(pool.map(examine, chunks), 1):
            tally.add(more)
            sys.stderr.write(f"\r{min(done * CHUNK, count)} of {count} charts, {len(tally.found)} disagreements")
            sys.stderr.flush()
    return tally


def report(tally: Tally, count: int) -> Iterator[str]:
    """The histogram, the explained differences, then per field the unexplained ones with a minimal chart."""
    yield from (f"{100 * n / count:6.2f} %  {name}" for name, n in sorted(tally.seen.items()))
    texts = {each.id: each.text for each in READINGS}
    yield from (f"{n:6} x {name}: {texts[name]}" for name, n in tally.explained.most_common())
    yield f"{len(tally.found)} unexplained disagreements in {count} charts"
    for name, number in Counter(name for _, name in tally.found).most_common():
        first = next(seed for seed, where in tally.found if where == name)
        small = shrunk(story(first), name, knowledge())
        difference = next(d for d in differences(small, knowledge()) if d[0] == name)
        yield f"\n{number} x {told(small, difference)}  (seed {first})"


def main() -> int:
    """Exit status 1 if a disagreement is left that nothing explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charts", type=int, default=100_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--processes", type=int, help="how many at a time; all cores if not given")
    options = parser.parse_args()
    tally = soak(options.charts, options.start, options.processes)
    sys.stdout.write("\n".join(["", *report(tally, options.charts), ""]))
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
