"""C4: FiO2 of a gas, respiratory failure, fall of PaO2 (decisions section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from rpild_rules.facts import Measurement, Support
from tests.oracle.answers import ANY, MET, NO, NOT_MET, UNKNOWN, YES, Answer, agreed, any_of, of, unsure
from tests.oracle.care import OXYGEN, air_statements, distance, estimated
from tests.oracle.chart import View, contradicting, gas_window, held, newest, plain, proves, rows
from tests.oracle.settings import choice, number, window
from tests.oracle.times import Span, apart, close, later, within


@dataclass(frozen=True)
class Inspired:
    """FiO2 of a gas: `air`, `recorded` with its value, or `none` with the reason."""

    kind: str
    value: Fraction = Fraction(0)
    why: str = "not-comparable"


AIR = Inspired("air", Fraction(21, 100))
NONE = Inspired("none")


def inspired(view: View, gas: Measurement) -> list[Inspired]:
    """FiO2 of a gas: of its own set, else the nearest recorded value or room-air statement within 60 minutes.

    A bound is no fraction (K8); one of the same moment that rules the fraction out contradicts it.
    """
    when = view.time(gas.when)
    fractions = rows(view, "fio2")
    clean = [m for m in fractions if m.value is not None and not m.comparator]
    grouped = [m for m in clean if m.groups & gas.groups]
    if grouped:
        told = [NONE if estimated(view, m) else _reading(m) for m in _at_once(view, grouped, grouped[0])]
        return told + _against(view, told, view.time(grouped[0].when))
    around = [m for m in fractions if close(view.time(m.when), when, "fio2_pair_minutes") == MET]
    own = [m for m in fractions if m.groups & gas.groups]
    unread = [_reading(m) for m in (*own, *around) if m not in clean]
    return _nearest_word(view, when, [m for m in around if m in clean], unread)


def _nearest_word(view: View, when: Span, around: list[Measurement], unread: list[Inspired]) -> list[Inspired]:
    near = [m for m in around if not estimated(view, m)]
    said = {distance(s, when): s for s in air_statements(view) if close(s, when, "fio2_pair_minutes") == MET}
    told = [(distance(view.time(m.when), when), view.time(m.when).hi, m) for m in near]
    best = min(told, key=lambda t: t[:2], default=None)
    spoken = min(said, default=None)
    guessed = [distance(view.time(m.when), when) for m in around if estimated(view, m)]
    if spoken is not None and best is None and guessed and min(guessed) < spoken:
        return [NONE]
    if best is None and spoken is None:
        return [Inspired("none", why=ANY)] if guessed and unread else unread[:1] or [NONE]
    if best is None or (spoken is not None and spoken < best[0]):
        return [AIR, *_against(view, [AIR], said[spoken])]  # type: ignore[index]
    told_then = [_reading(m) for m in _at_once(view, near, best[2])]
    told_then += [AIR] if spoken == best[0] and all(each.kind != "air" for each in told_then) else []
    return told_then + _against(view, told_then, view.time(best[2].when))


def _against(view: View, told: list[Inspired], when: Span) -> list[Inspired]:
    """Bounds of that moment that rule one of the fractions out."""
    bounds = [m for m in rows(view, "fio2") if m.value is not None and m.comparator and view.time(m.when) == when]
    known = [each for each in told if each.kind != "none"]
    return [_reading(m) for m in bounds if any(not _allows(m, each.value) for each in known)]


def _allows(bound: Measurement, value: Fraction) -> bool:
    limit = Fraction(bound.value)  # type: ignore[arg-type]
    table = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}
    return table[bound.comparator]


def _at_once(view: View, pool: list[Measurement], best: Measurement) -> list[Measurement]:
    """K6: those of the very same time that contradict it: by far in value, or as room air does oxygen."""
    rivals, air = contradicting(view, best), _reading(best).kind
    same = [m for m in pool if m is best or view.time(m.when) == view.time(best.when)]
    return [m for m in same if m in rivals or {air, _reading(m).kind} == {"air", "recorded"}]


def _reading(m: Measurement) -> Inspired:
    if m.value is None:
        return Inspired("none", why=str(m.problem))
    if m.comparator:
        return Inspired("none", why="comparator")
    value = Fraction(m.value)
    return Inspired("air" if value <= number("room_air_fio2") else "recorded", value)


def alike_gases(view: View, a: Measurement, b: Measurement) -> bool:
    """K6 for gases: FiO2 alike or unknown."""
    return any(
        "none" in (x.kind, y.kind) or abs(x.value - y.value) <= number("fio2_like")
        for x, y in product(inspired(view, a), inspired(view, b))
    )


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


def _failing(view: View, gas: Measurement) -> Answer:
    return agreed(fails(g, air) for g in versions(view, gas) for air in inspired(view, g))


def respiratory_failure(view: View) -> Answer:
    """C4, first leg."""
    gas, why = index_gas(view)
    by_gas = why
    if gas is not None:
        by_gas = held(view, _failing(view, gas), gas, "pao2", told=lambda m: _failing(view, m))
    by_ratio = reported_ratio(view)
    if by_gas.met or (by_ratio.met and not (by_gas == NO and _overtaken(view, gas))):
        return YES
    return Answer(UNKNOWN, by_gas.why | by_ratio.why) if by_gas.status == UNKNOWN else NO


def _overtaken(view: View, gas: Measurement | None) -> bool:
    """K5: a gas of a later hour is the newer result; the ratio of an earlier one speaks of that one."""
    ratio, _ = newest(view, gas_window(view), "pf-ratio")
    if gas is None or ratio is None:
        return False
    mine, theirs = view.time(gas.when), view.time(ratio.when)
    return later(mine, theirs) and close(mine, theirs, "fio2_pair_minutes") == NOT_MET


def reported_ratio(view: View) -> Answer:
    """A reported arterial P/F below the limit, with oxygen evidence within 60 minutes; it never disproves."""
    m, why = newest(view, gas_window(view), "pf-ratio")
    if m is None:
        return why if why.foremost in ("conflict", "unit", "comparator") else NO
    below = agreed(
        proves(v, "<=" if choice("berlin_inclusive") else "<", number("pf_failure")) for v in contradicting(view, m)
    )
    return below if below.status != MET or _on_oxygen_near(view, view.time(m.when)) else NO


def _on_oxygen_near(view: View, when: Span) -> bool:
    values = [m for m in rows(view, "fio2", "o2-flow") if close(view.time(m.when), when, "fio2_pair_minutes") == MET]
    if any(proves(m, ">", number("room_air_fio2") if m.concept == "fio2" else Fraction(0)).met for m in values):
        return True
    size, _ = window("fio2_pair_minutes")
    return any(_around(view, s, when, size) for s in view.facts.supports if s.concept in OXYGEN and s.start is not None)


def _around(view: View, s: Support, when: Span, size: int) -> bool:
    """Whether a support ran within 60 minutes of a time; a day is taken at its end."""
    end = view.at.hi if s.running else view.time(s.end or s.start).hi
    start = view.time(s.start)
    begun = start.lo <= when.hi + size if start.sharp and when.sharp else not later(start, when)
    return begun and end >= when.hi - size


def pao2_decline(view: View) -> Answer:
    """C4, second leg."""
    gas, why = index_gas(view)
    if gas is None:
        return why
    return held(view, _fallen(view, gas), gas, "pao2", told=lambda m: _fallen(view, m))


def _fallen(view: View, gas: Measurement) -> Answer:
    when = view.time(gas.when)
    states = [(m, _earlier(view, m, when)) for m in rows(view, "pao2") if m is not gas]
    base = before_gas(view, gas)
    if base is None:
        why = {str(m.problem) for m, state in states if state == MET and m.value is None} or {"no-baseline"}
        why |= {"imprecise-date"} if any(state == UNKNOWN for _, state in states) else set()
        why |= {"conflict"} if len(versions(view, gas)) > 1 else set()
        return unsure(*why)
    pairs = product(versions(view, gas), versions(view, base))
    return agreed(fell_on(i, b, x, y) for i, b in pairs for x, y in product(inspired(view, i), inspired(view, b)))


def baseline_gas(view: View) -> Measurement | None:
    """The gas compared with."""
    gas, _ = index_gas(view)
    return before_gas(view, gas) if gas is not None else None


def before_gas(view: View, gas: Measurement) -> Measurement | None:
    """The gas that one gas is compared with."""
    when = view.time(gas.when)
    found = [m for m in rows(view, "pao2") if m is not gas and m.value is not None and _earlier(view, m, when) == MET]
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
