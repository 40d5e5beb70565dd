"""What became of every fault: kept in build/mutants.json from run to run, told as a table, survivors explained."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant, Source

HERE = Path(__file__).resolve().parent
KEPT = HERE.parents[1] / "build/mutants.json"
KILLED, SURVIVED, UNREACHED, TIMED_OUT = "killed", "survived", "unreached", "timed out"
DEAD = (KILLED, TIMED_OUT)
CHART = "oracle chart"


@dataclass(frozen=True)
class Explained:
    """Why a fault that no test finds is none: the module, the text of its line, the change, and the reason."""

    module: str
    line: str
    change: str
    why: str


def explained() -> list[Explained]:
    """The explanations of survivors.toml."""
    content = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    return [
        Explained(entry["module"], fault["line"], fault["change"], entry["why"])
        for entry in content["survivor"]
        for fault in entry["faults"]
    ]


class Ledger:
    """The fates by fault. A fate counts as long as the text of the function around the fault is the same."""

    def __init__(self, path: Path = KEPT, fresh: bool = False) -> None:
        self.path = path
        known = path.is_file() and not fresh
        self.kept: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if known else {}
        self.reasons = {(e.module, e.line, e.change): e.why for e in explained()}
        self.shapes: dict[tuple[str, str], str] = {}

    def know(self, source: Source) -> None:
        """Note the shapes of a module's functions, and forget the fates of faults that are gone."""
        for place, shape in source.shapes.items():
            self.shapes[source.module, place] = hashlib.sha256(shape.encode()).hexdigest()
        there = {mutant.key: mutant for mutant in source.mutants}
        for key in [key for key in self.kept if key.startswith(f"{source.module}\n")]:
            if key not in there or self.kept[key]["shape"] != self._shape(there[key]):
                del self.kept[key]

    def open(self, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Those to be tried: without a fate, or alive at the last run and not explained."""
        return [m for m in mutants if self.fate(m) not in DEAD and not self.reason(m)]

    def fate(self, mutant: Mutant) -> str:
        """The last fate, empty if it was never tried."""
        return str(self.kept.get(mutant.key, {}).get("fate", ""))

    def reason(self, mutant: Mutant) -> str:
        """Why a fault may survive, if that was explained."""
        return self.reasons.get((mutant.module, mutant.text, mutant.change), "")

    def enter(self, mutant: Mutant, fate: str, by: str, seconds: float) -> None:
        """Keep a fate."""
        entry = {"shape": self._shape(mutant), "fate": fate, "by": by, "seconds": round(seconds, 2)}
        self.kept[mutant.key] = entry | {"line": mutant.line}

    def write(self) -> None:
        """Save, so that a run that is stopped goes on where it was."""
        self.path.parent.mkdir(exist_ok=True)
        text = json.dumps(self.kept, indent=0, sort_keys=True, ensure_ascii=False)
        self.path.write_text(text, encoding="utf-8")

    def _shape(self, mutant: Mutant) -> str:
        return self.shapes[mutant.module, mutant.place]

    def alive(self, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Faults that no test found and nobody explained."""
        return [m for m in mutants if self.fate(m) in (SURVIVED, UNREACHED) and not self.reason(m)]

    def table(self, sources: Iterable[Source]) -> Iterator[str]:
        """A row a module, and one for all: found by a test, by a chart of the oracle only, as endless, ...."""
        yield "module               faults   found  oracle  endless  explained  alive  untried   score"
        total: Counter[str] = Counter()
        for source in sources:
            found = Counter(self._column(mutant) for mutant in source.tried)
            total.update(found)
            yield _row(source.module, found)
        yield _row("all", total)

    def _column(self, mutant: Mutant) -> str:
        fate = self.fate(mutant)
        if fate == KILLED:
            return "oracle" if str(self.kept[mutant.key]["by"]).startswith(CHART) else "found"
        if fate == TIMED_OUT:
            return "endless"
        return "explained" if self.reason(mutant) else "alive" if fate else "untried"


def _row(name: str, found: Counter[str]) -> str:
    dead = found["found"] + found["oracle"] + found["endless"]
    tried = dead + found["explained"] + found["alive"]
    score = f"{100 * (tried - found['alive']) / tried:.1f} %" if tried else "-"
    widths = {"found": 8, "oracle": 8, "endless": 9, "explained": 11, "alive": 7, "untried": 9}
    told = "".join(f"{found[column]:>{width}}" for column, width in widths.items())
    return f"{name:20}{found.total():>7}{told}{score:>8}"
