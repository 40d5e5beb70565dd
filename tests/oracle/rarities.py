"""What a chart seldom holds: bounds on oxygen, lone ratios and pH, vague dates of oxygen, a regimen of which only the
days are known with oxygen and gases around it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.oracle.stories import ago, hours, maybe


def rarities(r: Random) -> list[str]:
    """Seldom one of them; drawn last, so that the rest of a chart does not depend on it."""
    return r.choice(KINDS)(r) if maybe(r, 0.15) else []


def bounds_on_oxygen(r: Random) -> list[str]:
    """A fraction or a flow of which only a bound is known."""
    mark = r.choice(("<", "<=", ">", ">="))
    at = r.choice((hours(r, 1, 24), ago(r, 1, 7)))
    word = r.choice((f"fio2 {mark}{r.choice(('0.20', '0.21', '0.22', '0.6'))}", f"o2-flow {mark}{r.choice((0, 1))}"))
    return [f"{word} @{at}"]


def lone_ratio(r: Random) -> list[str]:
    """A reported P/F of any time, with or without a word on oxygen near it."""
    at = r.choice((hours(r, 1, 12, 24), ago(r, 0, 1, 7, partial=0)))
    beside = [f"fio2 {r.choice(('0.21', '0.4', '0.9'))} @{at}"] if maybe(r, 0.5) else []
    return [f"pf-ratio {r.choice((79, 80, 290, 299, 300))} @{at}", *beside]


def lone_acid(r: Random) -> list[str]:
    """pH and carbon dioxide of one gas or of two, with or without the report that binds them."""
    at = r.choice((hours(r, 1, 12, 24), ago(r, 0, 1, partial=0)))
    bound = r.choice(("", " group=acid"))
    others = [f"paco2 {r.choice((40, 59, 60, 66))} @{r.choice((at, hours(r, 1, 2, 24)))}{r.choice(('', bound))}"]
    return [
        f"ph-arterial {r.choice(('7.24', '7.25'))} @{at}{bound}",
        f"paco2 {r.choice((40, 59, 60, 66))} @{at}{r.choice((bound, ''))}",
        *(others if maybe(r, 0.6) else []),
    ]


def vague_oxygen(r: Random) -> list[str]:
    """Oxygen or room air of some day of a month."""
    at = f"-{r.choice((1, 7, 20, 40))}D/month"
    words = (f"fio2 {r.choice(('0.21', '0.4'))} @{at}", f"o2-flow {r.choice((0, 2))} @{at}", f"support room-air @{at}")
    word = r.choice(words)
    return [f"{word} until={at}" if word.startswith("support") else word]


def vague_regimen(r: Random) -> list[str]:
    """A regimen whose first day is known, and what was measured around that day and now."""
    days = r.choice((1, 2, 5, 12))
    start = f"-{days}D"
    lines = [f"drug prednisolone @{start} mg=60", f"drug tacrolimus @{r.choice((start, f'-{days + 2}D'))}"]
    around = [
        ago(r, days, days + 1, days + 3, partial=0),
        ago(r, max(days - 1, 0), days + 2, partial=0),
        hours(r, 1, 15),
    ]
    for n, at in enumerate(around):
        lines += (
            [f"fio2 {r.choice(('0.21', '0.40', '0.41', '0.60', '0.61'))} @{at} group=v{n}"] if maybe(r, 0.8) else []
        )
        lines += [f"pao2 {r.choice((62, 70, 80, 110))} @{at} group=v{n}"] if maybe(r, 0.4) else []
    return lines


KINDS: tuple[Callable[[Random], list[str]], ...] = (
    bounds_on_oxygen,
    lone_ratio,
    lone_acid,
    vague_oxygen,
    vague_regimen,
)
