"""C2: falls of FVC and DLCO (decisions section 4)."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from rpild_rules.facts import Measurement
from tests.oracle.answers import MET, UNKNOWN, Answer, agreed, any_of, of, unsure
from tests.oracle.chart import View, absent, contradicting, held, newest, plain, rows
from tests.oracle.settings import choice, number
from tests.oracle.times import apart, within

MISSING = {"no-data", "stale", "no-baseline", "unit", "fetch-failed", "not-permitted"}
LITRES, PERCENT, DIFFUSION = ("fvc",), ("fvc-pct-pred",), ("dlco", "dlco-hb-adj")


def pair_of(view: View, concepts: tuple[str, ...]) -> tuple[Measurement | None, Measurement | None, Answer]:
    """Index and baseline: the newest value, and the oldest of the 31 days before it at a distance of 3 days or more."""
    index, why = newest(view, "pft_index_days", *concepts)
    return (index, *_base(view, index, concepts)) if index is not None else (None, None, why)


def _base(view: View, index: Measurement, concepts: tuple[str, ...]) -> tuple[Measurement | None, Answer]:
    when = view.time(index.when)
    earlier = [m for m in rows(view, *concepts) if m is not index]
    states = [(m, _suits(view, m, when)) for m in earlier]
    fitting = [m for m, state in states if state == MET]
    alike = [m for m in fitting if m.value is not None and like_with_like(index, m)]
    if alike:
        return alike[-1], of(True)
    why = {"not-comparable" if m.value is not None else str(m.problem) for m in fitting} or {"no-baseline"}
    return None, unsure(*why, *({"imprecise-date"} if any(state == UNKNOWN for _, state in states) else ()))


def _suits(view: View, m: Measurement, when: object) -> str:
    mine = view.time(m.when)
    states = (within(mine, when, "baseline_max_days"), apart(mine, when, "pft_min_gap_days"))  # type: ignore[arg-type]
    return "notMet" if "notMet" in states else UNKNOWN if UNKNOWN in states else MET


def like_with_like(a: Measurement, b: Measurement) -> bool:
    """Same LOINC, same bronchodilator state, same haemoglobin adjustment."""
    return (a.code, a.variant, a.concept) == (b.code, b.variant, b.concept) and a.variant != "post"


def fell(index: Measurement, base: Measurement, limit: Fraction) -> Answer:
    """A relative fall above the limit, without division (K2)."""
    if plain(index, base).status != MET:
        return plain(index, base)
    b, i = Fraction(base.value), Fraction(index.value)  # type: ignore[arg-type]
    return of((b - i) * 100 > limit * b)


def series(view: View, concepts: tuple[str, ...], limit: str) -> Answer:
    """One series: index against baseline, with whatever contradicts either."""
    index, _, why = pair_of(view, concepts)
    if index is None:
        return why

    def told(m: Measurement) -> Answer:
        return _fallen(view, m, concepts, limit)

    return held(view, told(index), index, *concepts, told=told)


def _fallen(view: View, index: Measurement, concepts: tuple[str, ...], limit: str) -> Answer:
    base, why = _base(view, index, concepts)
    if base is None:
        return why
    pairs = product(contradicting(view, index), contradicting(view, base))
    return agreed(fell(i, b, number(limit)) for i, b in pairs)


def fvc_decline(view: View) -> Answer:
    """Litres; percent predicted where litres are missing on either side."""
    first, second = (PERCENT, LITRES) if _newest_in_percent(view) else (LITRES, PERCENT)
    answer = series(view, first, "fvc_fall_pct")
    if not answer.why & MISSING:
        return answer
    other = series(view, second, "fvc_fall_pct")
    if other.status != UNKNOWN:
        return other
    return (
        other
        if answer == absent(view, "E-PFT")
        else answer
        if other == absent(view, "E-PFT")
        else any_of([answer, other])
    )


def deciding(view: View) -> tuple[str, ...]:
    """The FVC series that decides: the newest test's, or the other one where that leaves the answer open."""
    first, second = (PERCENT, LITRES) if _newest_in_percent(view) else (LITRES, PERCENT)
    return first if series(view, first, "fvc_fall_pct").status != UNKNOWN else second


def _newest_in_percent(view: View) -> bool:
    """Litres are missing on the side of the index: the newest test has percent predicted only."""
    litres, percent = (newest(view, "pft_index_days", *c)[0] for c in (LITRES, PERCENT))
    return percent is not None and (litres is None or view.time(percent.when).last > view.time(litres.when).last)


def dlco_decline(view: View) -> Answer:
    """mL/min/mmHg; no percent-predicted DLCO is mapped."""
    return series(view, DIFFUSION, "dlco_fall_pct")


def lung_function_decline(view: View) -> Answer:
    """C2."""
    assert choice("fvc_mode") == "relative", "the oracle knows the default mode only"
    return any_of([fvc_decline(view), dlco_decline(view)])


def late_fall(view: View) -> bool:
    """Section 6 highRisk: a fall over the limit of C2 against a baseline 32 to 92 days old."""
    plan = ((LITRES, "fvc_fall_pct"), (PERCENT, "fvc_fall_pct"), (DIFFUSION, "dlco_fall_pct"))
    return any(_late(view, concepts, limit) for concepts, limit in plan)


def _late(view: View, concepts: tuple[str, ...], limit: str) -> bool:
    index, _, _ = pair_of(view, concepts)
    if index is None:
        return False
    when = view.time(index.when)
    old = [m for m in rows(view, *concepts) if within(view.time(m.when), when, "late_baseline_days") == MET]
    old = [m for m in old if m.value is not None and like_with_like(index, m)]
    far = [m for m in old if within(view.time(m.when), when, "baseline_max_days") == "notMet"]
    return any(fell(index, m, number(limit)).met for m in far)
