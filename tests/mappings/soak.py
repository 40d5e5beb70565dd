"""The two lanes over many mutated charts: `python -m tests.mappings.soak --charts 200000`."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import chain

from rpild_rules.knowledge import Knowledge, load_knowledge
from tests.mappings.lanes import difference

STEP = 1000
ASSESSED = 10


def differences(first: int) -> list[str]:
    """The differences among the charts of one thousand seeds; every tenth chart is assessed."""
    knowledge = _knowledge()
    found = (difference(seed, knowledge if seed % ASSESSED == 0 else None) for seed in range(first, first + STEP))
    return [text for text in found if text]


@cache
def _knowledge() -> Knowledge:
    return load_knowledge()


def main() -> None:
    """Run, report, and fail on any difference."""
    options = argparse.ArgumentParser(prog="python -m tests.mappings.soak", description=__doc__)
    options.add_argument("--charts", type=int, default=200_000)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    chosen = options.parse_args()
    starts = range(chosen.first, chosen.first + chosen.charts, STEP)
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        found = list(chain.from_iterable(workers.map(differences, starts)))
    told = f"{len(starts) * STEP} mutated charts read by both lanes, {len(found)} differences"
    sys.stdout.write("\n".join([told, *found[:20]]) + "\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
