"""Objective signs of worsening since the combination therapy began: a prompt, no response criterion (decisions 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from rpild_rules import attested, results
from rpild_rules.concepts import MECHANICAL
from rpild_rules.definition import Moment
from rpild_rules.facts import Measurement
from rpild_rules.findings import MET, Finding
from rpild_rules.gas_exchange import contradicting, index_gas
from rpild_rules.oxygen import Fraction, fractions_of, words_on_oxygen
from rpild_rules.results import shown, time_of, value_of
from rpild_rules.when import When, after, gap, lately, near, within

SUPPORT_OF_WORSENING = MECHANICAL | {"ecmo"}
Word = tuple[When, Fraction]
T = TypeVar("T")
FALLS = {"fvcDecline": ("fvc", "fvc-pct-pred"), "dlcoDecline": ("dlco", "dlco-hb-adj"), "pao2Decline": ("pao2",)}


@dataclass(frozen=True, slots=True)
class Sign:
    """One objective sign of worsening since the combination therapy began, and when it arose."""

    when: When
    words: str
    evidence: tuple[str, ...]


def worsening_signs(m: Moment, found: dict[str, Finding], t0: When, before_edge: bool) -> Iterator[Sign]:
    """New support, a lower P/F band or more oxygen, a fall of C2 or PaO2, a worse CT; true only if proven.

    Of a T0 before the look-back only new support can be proven.
    """
    yield from _new_support(m, t0)
    if not before_edge:
        yield from _lower_band(m, _stands(t0))
        yield from _more_oxygen(m, _stands(t0))
        yield from _fell_since(m, found, t0)
        yield from _worse_ct(m, found, t0)


def _new_support(m: Moment, t0: When) -> Iterator[Sign]:
    border = m.knowledge.window("worsening_support_hours").span
    for s in sorted(m.facts.supports, key=lambda each: each.reference):
        begun = s.start if s.concept in SUPPORT_OF_WORSENING else None
        if begun and not begun.ahead_of(m.now) and begun.earliest - t0.latest > border:
            yield Sign(begun, f"{s.concept.replace('-', ' ')} begun on {begun.printed}", (s.reference,))


def _lower_band(m: Moment, t0: When) -> Iterator[Sign]:
    """The index gas in a lower band than the gas nearest T0, all of them where several are as near; gases that
    contradict either must agree (K6)."""
    gas = index_gas(m.facts, m.now, m.now, m.knowledge).value
    gases = results.readable(results.of(m.facts, "pao2"), m.now)
    bases = _nearest([(_stands(time_of(g)), g) for g in gases if _bands(g, m)], t0, m)
    now_in = _bands(gas, m) if gas and all(after(time_of(gas), time_of(base)) for base in bases) else []
    if gas and bases and now_in and min(now_in) > max(band for base in bases for band in _bands(base, m)):
        words = f"P/F in a lower band: PaO2 {shown(bases[0])}, then {shown(gas)}"
        yield Sign(time_of(gas), words, (bases[0].reference, gas.reference))


def _stands(when: When) -> When:
    """Where a time stands beside T0, and T0 itself: a day at its end, as in the look back (section 7)."""
    return when.at_its_end() if when.to_the_day else when


def _nearest(found: list[tuple[When, T]], t0: When, m: Moment) -> list[T]:
    """What lies nearest to T0 and within three days of it."""
    reach = m.knowledge.window("worsening_gas_hours")
    close = [(abs(when.latest - t0.latest), each) for when, each in found if near(when, t0, reach) is MET]
    least = min((far for far, _ in close), default=None)
    return [each for far, each in close if far == least]


def _bands(gas: Measurement, m: Moment) -> list[int]:
    """How many band limits the P/F lies under, of a gas and of those that contradict it; empty if one is not known."""
    gases = (gas, *contradicting(gas, m.facts, m.knowledge, m.now))
    bands = [_band(g, oxygen, m) for g in gases for oxygen in fractions_of(g, m.facts, m.knowledge, m.now)]
    known = [band for band in bands if band is not None]
    return known if len(known) == len(bands) else []


def _band(gas: Measurement, oxygen: Fraction, m: Moment) -> int | None:
    if oxygen.value is None or gas.comparator:
        return None
    pressure, fraction = value_of(gas), oxygen.value
    return sum(pressure < limit * fraction for limit in m.knowledge.numbers("pf_bands"))


def _more_oxygen(m: Moment, t0: When) -> Iterator[Sign]:
    """The highest fraction of the last day against that of the day before T0; a word of room air stands for 0.21."""
    day = m.knowledge.window("worsening_fio2_hours")
    words = words_on_oxygen(m.facts, m.now, m.knowledge)
    highest = max((w for w in words if lately(w[0], m.now, day) is MET), key=_height, default=None)
    base = _oxygen_before(words, t0, m)
    if not highest or not base:
        return
    rise = _value(highest[1]) - _value(base[1])
    if m.knowledge.parameter("worsening_fio2_rise").holds(rise):
        said = f"{base[1].printed} on {base[0].printed}, then {highest[1].printed} on {highest[0].printed}"
        yield Sign(highest[0], f"more oxygen: {said}", (base[1].reference, highest[1].reference))


def _height(word: Word) -> tuple[Decimal, datetime, str]:
    return _value(word[1]), word[0].latest, word[1].reference


def _value(fraction: Fraction) -> Decimal:
    assert fraction.value is not None  # words_on_oxygen() lists known fractions only
    return fraction.value


def _oxygen_before(words: list[Word], t0: When, m: Moment) -> Word | None:
    """The highest fraction of the day before T0, else the nearest within three days; of several as near the highest."""
    placed = [(_stands(w[0]), w) for w in words]
    day = m.knowledge.window("worsening_fio2_hours")
    before = [w for when, w in placed if within(when, t0, day) is MET]
    return max(before or _nearest(placed, t0, m), key=_height, default=None)


def _fell_since(m: Moment, found: dict[str, Finding], t0: When) -> Iterator[Sign]:
    """C2 or the PaO2 decline by values that all lie after T0 or at most three days before it."""
    reach = m.knowledge.window("worsening_gas_hours").span
    for id, concepts in FALLS.items():
        used = [
            time_of(each)
            for concept in concepts
            for each in m.facts.by_concept.get(concept, [])
            if each.reference in found[id].evidence and each.when
        ]
        if found[id].met and used and all(t0.latest - when.earliest <= reach for when in used):
            yield Sign(max(used, key=lambda when: when.latest), found[id].because, found[id].evidence)


def _worse_ct(m: Moment, found: dict[str, Finding], t0: When) -> Iterator[Sign]:
    """A worse CT by any statement in force: the earlier at most a week before T0, the later after it."""
    reach = m.knowledge.window("worsening_ct_days").span
    if not found["ctWorsening"].met:
        return
    for said in attested.behind(m.facts, found["ctWorsening"]):
        dates = attested.compared_cts(m.facts, said)
        if dates.start and dates.end and gap(dates.start, t0, True)[1] <= reach and after(dates.end, t0):
            yield Sign(dates.end, f"worse on CT of {dates.end.printed}", (said.reference,))
