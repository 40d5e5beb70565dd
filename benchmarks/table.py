"""The result table: one row a case, with its ratio to the floor of the same run and whether the target holds."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.load import Sample

HEADINGS = ("case", "body kB", "p50 ms", "p99 ms", "CPU ms", "calls/s/core", "PSS MiB", "x floor", "target", "result")


@dataclass(frozen=True)
class Row:
    """One case. `ratio` is its CPU time over the floor's; `target` the highest ratio allowed, if any."""

    case: str
    body_kb: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    calls_per_second: float
    pss_mib: float
    ratio: float
    target: float | None

    @property
    def verdict(self) -> str:
        """Pass, fail, or nothing to compare with."""
        return "-" if self.target is None else "pass" if self.ratio <= self.target else "fail"


def row(case: str, size: int, sample: Sample, floor_cpu_ms: float, target: float | None) -> Row:
    """A row from what was measured."""
    return Row(
        case,
        round(size / 1000, 1),
        round(sample.percentile(0.5), 2),
        round(sample.percentile(0.99), 2),
        round(sample.cpu_ms, 3),
        round(sample.per_second, 1),
        round(sample.pss_mib, 1),
        round(sample.cpu_ms / floor_cpu_ms, 3),
        target,
    )


@dataclass(frozen=True)
class Fact:
    """One further figure with the highest value allowed, if any."""

    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Pass, fail, or nothing to compare with."""
        return "-" if self.target is None else "pass" if self.value <= self.target else "fail"


def facts_as_markdown(facts: list[Fact]) -> str:
    """The further figures for people."""
    lines = [("measure", "value", "target", "result"), ("---",) * 4]
    for each in facts:
        target = "-" if each.target is None else f"<= {each.target} {each.unit}"
        lines.append((each.what, f"{each.value:.2f} {each.unit}".strip(), target, each.verdict))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_markdown(rows: list[Row]) -> str:
    """The table for people, and for benchmarks/README.md."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    for each in rows:
        target = "-" if each.target is None else f"<= {each.target}"
        cells = (each.case, each.body_kb, each.p50_ms, each.p99_ms, each.cpu_ms, each.calls_per_second, each.pss_mib)
        lines.append((*map(str, cells), f"{each.ratio:.2f}", target, each.verdict))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """Processor and Python, without the machine's name."""
    rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((each.split(":", 1)[1].strip() for each in rows if each.startswith("model name")), platform.machine())
    return f"{model}; {platform.system()} {platform.release()}; Python {platform.python_version()}"


def save(rows: list[Row], facts: list[Fact], path: Path) -> None:
    """The same as JSON."""
    result: dict[str, Any] = {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    result["rows"] = [asdict(each) | {"verdict": each.verdict} for each in rows]
    result["facts"] = [asdict(each) | {"verdict": each.verdict} for each in facts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
