"""Many random charts through both evaluations: `python -m tests.oracle.soak --charts 100000 [--start SEED]`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from rpild_rules.knowledge import Knowledge, load_knowledge
from tests.oracle.compare import differences
from tests.oracle.evaluate import HOOKS, evaluate
from tests.oracle.generate import story
from tests.oracle.shrink import shrunk, told
from tests.rules.charts import NOW

CHUNK = 500
Result = tuple[list[tuple[int, str]], Counter[str]]


@cache
def knowledge() -> Knowledge:
    """The shipped knowledge, once a process."""
    return load_knowledge()


def examine(seeds: range) -> Result:
    """Disagreements (seed, field) of some seeds, and what occurred in them."""
    found: list[tuple[int, str]] = []
    seen: Counter[str] = Counter()
    for seed in seeds:
        chart = story(seed)
        found += [(seed, name) for name, _, _ in differences(chart, knowledge())]
        seen.update(occurrences(evaluate(chart.facts(), NOW)))
    return found, seen


def occurrences(answer: dict[str, object]) -> Iterator[str]:
    """Gate, context, stage, cards and reasons of one answer, for the histogram."""
    yield from (f"{name} {answer[name] or 'passed'}" for name in ("gate", "context", "stage"))
    cards: dict[str, list[str]] = answer["cards"]  # type: ignore[assignment]
    yield from (f"card {topic}" for topic in sorted({topic for hook in HOOKS for topic in cards[hook]}))
    pairs = [*answer.get("criteria", {}).values(), *answer.get("flags", {}).values()]  # type: ignore[attr-defined]
    yield from (f"reason {why}" for why in sorted({why for _, why in pairs if why}))


def soak(count: int, start: int) -> Result:
    """All seeds on all cores, with progress on standard error."""
    chunks = [range(n, min(n + CHUNK, start + count)) for n in range(start, start + count, CHUNK)]
    found: list[tuple[int, str]] = []
    seen: Counter[str] = Counter()
    with ProcessPoolExecutor() as pool:
        for done, (more, counted) in enumerate(pool.map(examine, chunks), 1):
            found, seen = found + more, seen + counted
            sys.stderr.write(f"\r{min(done * CHUNK, count)} of {count} charts, {len({s for s, _ in found})} disagree")
            sys.stderr.flush()
    return found, seen


def report(found: list[tuple[int, str]], seen: Counter[str], count: int) -> Iterator[str]:
    """The histogram, then per field the number of disagreements and a minimal chart."""
    yield from (f"{100 * n / count:6.2f} %  {name}" for name, n in sorted(seen.items()))
    yield f"{len({seed for seed, _ in found})} of {count} charts disagree"
    for name, number in Counter(name for _, name in found).most_common():
        first = next(seed for seed, field in found if field == name)
        small = shrunk(story(first), name, knowledge())
        difference = next(d for d in differences(small, knowledge()) if d[0] == name)
        yield f"\n{number} x {told(small, difference)}  (seed {first})"


def main() -> int:
    """Exit status 1 if any chart disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--charts", type=int, default=100_000)
    parser.add_argument("--start", type=int, default=0)
    options = parser.parse_args()
    found, seen = soak(options.charts, options.start)
    sys.stdout.write("\n".join(["", *report(found, seen, options.charts), ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
