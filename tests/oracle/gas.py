"""C4 and everything else that reads a blood gas: FiO2, failure, fall of PaO2, P/F, gradient (decisions section 4 C4, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from rpild_rules.facts import Measurement
from tests.oracle.answers import MET, NO, NOT_MET, UNKNOWN, YES, Answer, agreed, any_of, of, unsure
from tests.oracle.care import air_statements
from tests.oracle.chart import View, contradicting, gas_window, newest, plain, proves, rows
from tests.oracle.settings import choice, number, window
from tests.oracle.times import Span, apart, close, within

ESTIMATING = {"nasal-cannula", "simple-mask", "non-rebreather"}
MECHANISMS = ESTIMATING | {"venturi", "hfnc", "niv", "invasive-ventilation", "room-air", "oxygen-device", "oxygen-therapy"}


@dataclass(frozen=True)
class Inspired:
    """FiO2 of a gas: `air`, `recorded` with its value, or `none` with the reason."""

    kind: str
    value: Fraction = Fraction(0)
    why: str = "not-comparable"


AIR = Inspired("air", Fraction(21, 100))
NONE = Inspired("none")


def distance(a: Span, b: Span) -> int:
    """How far two times lie apart at most."""
    return max(abs(a.lo - b.hi), abs(a.hi - b.lo))


def estimated(view: View, m: Measurement) -> bool:
    """Said so, or the nearest delivery mechanism within 60 minutes is one that does not fix the FiO2."""
    if m.estimated:
        return True
    when = view.time(m.when)
    seen = [s for s in view.facts.supports if s.concept in MECHANISMS and s.start is not None and view.known(s.start)]
    near = [s for s in seen if close(view.time(s.start), when, "fio2_pair_minutes") == MET or _during(view, s, when)]
    if not near:
        return False
    nearest = min(near, key=lambda s: 0 if _during(view, s, when) else distance(view.time(s.start), when))
    return nearest.concept in ESTIMATING


def _during(view: View, s: object, when: Span) -> bool:
    start = view.time(s.start)  # type: ignore[attr-defined]
    end = view.at.hi if s.running else view.time(s.end).hi if s.end is not None else start.hi  # type: ignore[attr-defined]
    return start.lo <= when.lo and when.hi <= end


def inspired(view: View, gas: Measurement) -> list[Inspired]:
    """FiO2 of a gas, one entry per reading that contradicts another (K6)."""
    when = view.time(gas.when)
    fractions = [m for m in rows(view, "fio2")]
    grouped = [m for m in fractions if m.groups & gas.groups]
    near = [m for m in fractions if close(view.time(m.when), when, "fio2_pair_minutes") == MET]
    for pool in (grouped, near):
        usable = [m for m in pool if not estimated(view, m)]
        if usable:
            best = min(usable, key=lambda m: distance(view.time(m.when), when))
            return [_reading(m) for m in contradicting(view, best)]
    said = any(close(s, when, "fio2_pair_minutes") == MET for s in air_statements(view))
    return [AIR] if said else [NONE]


def _reading(m: Measurement) -> Inspired:
    if m.value is None:
        return Inspired("none", why=str(m.problem))
    if m.comparator:
        return Inspired("none", why="comparator")
    value = Fraction(m.value)
    return AIR if value <= number("room_air_fio2") else Inspired("recorded", value)


def alike_gases(view: View, a: Measurement, b: Measurement) -> bool:
    """K6 for gases: FiO2 alike or unknown."""
    return any("none" in (x.kind, y.kind) or abs(x.value - y.value) <= number("fio2_like") for x, y in product(inspired(view, a), inspired(view, b)))


def versions(view: View, gas: Measurement) -> list[Measurement]:
    """K6: a gas and those that contradict it."""
    return contradicting(view, gas, lambda a, b: alike_gases(view, a, b))


def index_gas(view: View) -> tuple[Measurement | None, Answer]:
    """The newest valid arterial PaO2 in its window."""
    return newest(view, gas_window(view), "pao2")


def fails(gas: Measurement, air: Inspired) -> Answer:
    """respiratoryFailure by one gas at one FiO2."""
    low = proves(gas, "<", number("resp_failure_pao2"))
    if low.met or gas.value is None or (low.status == UNKNOWN and air.kind != "recorded"):
        return low
    if air.kind == "air":
        return NO
    if air.kind == "none":
        return unsure(air.why)
    return below_ratio(gas, air, number("pf_failure"), bool(choice("berlin_inclusive")))


def below_ratio(gas: Measurement, air: Inspired, limit: Fraction, inclusive: bool = False) -> Answer:
    """PaO2 < limit x FiO2 (K2)."""
    if plain(gas).status != MET:
        return plain(gas)
    left, right = Fraction(gas.value), limit * air.value  # type: ignore[arg-type]
    return of(left <= right if inclusive else left < right)


def respiratory_failure(view: View) -> Answer:
    """C4, first leg."""
    gas, why = index_gas(view)
    by_gas = why
    if gas is not None:
        by_gas = agreed(fails(g, air) for g in versions(view, gas) for air in inspired(view, g))
    by_ratio = reported_ratio(view)
    if by_gas.met or by_ratio.met:
        return YES
    return Answer(UNKNOWN, by_gas.why | by_ratio.why) if by_gas.status == UNKNOWN else NO


def reported_ratio(view: View) -> Answer:
    """A reported arterial P/F below the limit, with oxygen evidence within 60 minutes; it never disproves."""
    m, why = newest(view, gas_window(view), "pf-ratio")
    if m is None:
        return NO if why.foremost in ("no-data", "stale", "fetch-failed", "not-permitted") else why
    below = agreed(proves(v, "<=" if choice("berlin_inclusive") else "<", number("pf_failure")) for v in contradicting(view, m))
    return below if below.status != MET or _on_oxygen_near(view, view.time(m.when)) else NO


def _on_oxygen_near(view: View, when: Span) -> bool:
    size, _ = window("fio2_pair_minutes")
    upper = Span(when.hi + size, when.hi + size, when.last, when.last, True)
    around = View(view.facts, view.now, min(upper, view.at, key=lambda s: s.hi))
    start = Span(when.lo - size, when.lo - size, when.first, when.first, True)
    return oxygen_between(around, start)


def oxygen_between(view: View, start: Span) -> bool:
    """Oxygen evidence (C1) from `start` to the view's moment."""
    values = [m for m in rows(view, "fio2", "o2-flow") if view.time(m.when).lo >= start.lo and view.time(m.when).hi <= view.at.hi]
    used = any(proves(m, ">", number("room_air_fio2") if m.concept == "fio2" else Fraction(0)).met for m in values)
    return used or any(on_support(view, s, start) for s in view.facts.supports if s.concept in OXYGEN_SUPPORT)


OXYGEN_SUPPORT = ("hfnc", "niv", "invasive-ventilation", "ecmo", "oxygen-therapy")


def on_support(view: View, s: object, start: Span) -> bool:
    """Whether a support ran at any time from `start` to the view's moment."""
    if s.start is None or view.time(s.start).hi > view.at.hi:  # type: ignore[attr-defined]
        return False
    if s.running:  # type: ignore[attr-defined]
        return True
    end = s.end or s.start  # type: ignore[attr-defined]
    return view.time(end).lo >= start.lo


def pao2_decline(view: View) -> Answer:
    """C4, second leg."""
    gas, why = index_gas(view)
    if gas is None:
        return why
    when = view.time(gas.when)
    states = [(m, _earlier(view, m, when)) for m in rows(view, "pao2") if m is not gas]
    fitting = [m for m, state in states if state == MET]
    if any(state == UNKNOWN for _, state in states):
        return unsure("imprecise-date")
    if not fitting:
        return unsure("no-baseline")
    pairs = product(versions(view, gas), versions(view, fitting[-1]))
    return agreed(fell_on(i, b, x, y) for i, b in pairs for x, y in product(inspired(view, i), inspired(view, b)))


def baseline_gas(view: View) -> Measurement | None:
    """The gas compared with."""
    gas, _ = index_gas(view)
    found = [m for m in rows(view, "pao2") if gas is not None and m is not gas and _earlier(view, m, view.time(gas.when)) == MET]
    return found[-1] if found else None


def _earlier(view: View, m: Measurement, when: Span) -> str:
    states = (within(view.time(m.when), when, "baseline_max_days"), apart(view.time(m.when), when, "pao2_min_hours"))
    return NOT_MET if NOT_MET in states else UNKNOWN if UNKNOWN in states else MET


def fell_on(i: Measurement, b: Measurement, x: Inspired, y: Inspired) -> Answer:
    """The rows like, rose, fell, unknown; x is the FiO2 of the index, y of the baseline."""
    if plain(i, b).status != MET:
        return plain(i, b)
    drop = Fraction(b.value) - Fraction(i.value) > number("pao2_drop_mmHg")  # type: ignore[arg-type]
    if "none" in (x.kind, y.kind):
        return unsure(*{each.why for each in (x, y) if each.kind == "none"})
    if abs(x.value - y.value) <= number("fio2_like"):
        return of(drop)
    if x.value > y.value:
        return YES if drop else unsure("not-comparable")
    return unsure("not-comparable") if drop else NO


def gas_exchange(view: View) -> Answer:
    """C4."""
    return any_of([respiratory_failure(view), pao2_decline(view)])


