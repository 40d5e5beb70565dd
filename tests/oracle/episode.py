"""The episode: treated, improving, latched, established, breakthrough, refractory, worsening (decisions section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from rpild_rules.facts import Measurement
from tests.oracle.answers import MET
from tests.oracle.care import air_statements, distance
from tests.oracle.chart import View, attested, rows
from tests.oracle.ct import attested_worsening, hrct_increase, study_dates
from tests.oracle.gas import baseline_gas, estimated, index_gas, inspired, pao2_decline, versions
from tests.oracle.lungs import DIFFUSION, deciding, fell, pair_of
from tests.oracle.onset import Onset, new_illness, not_after
from tests.oracle.settings import number, numbers
from tests.oracle.therapy import Therapy
from tests.oracle.times import Span, close, later, older, reaches_back, within

T = TypeVar("T")
SUPPORT = ("hfnc", "niv", "invasive-ventilation", "ecmo")


@dataclass(frozen=True)
class Episode:
    """Facts of steps 4 to 6; `status` is rpEpisode."""

    status: str
    latched: bool
    treated_now: bool
    improving: bool
    breakthrough: bool
    refractory: bool
    signs: frozenset[str]

    @property
    def met(self) -> bool:
        return self.status == MET

    @property
    def treated(self) -> bool:
        """treatedNow AND rpEpisode met; "not treated" is its opposite."""
        return self.treated_now and self.met


def is_improving(view: View, onset: Onset) -> bool:
    """Newest treatment-response = improving, at most 92 days old, the onset not later than it."""
    a = attested(view, "treatment-response")
    if a is None or a.value != "improving" or within(view.time(a.made), view.now, "maintenance_days") != MET:
        return False
    made, start = view.time(a.made), onset.when
    if start is None:
        return True
    return start.hi <= made.lo if start.sharp and made.sharp else start.last <= made.first


def is_treated(onset: Onset, drugs: Therapy) -> bool:
    """The regimen was begun for this episode."""
    if not (drugs.combination and drugs.induction and drugs.t0):
        return False
    if onset.when is None:
        return not onset.exists and onset.why != "fetch-failed" and onset.why != "not-permitted"
    return not drugs.edge and not_after(onset.when, drugs.t0, "breakthrough_days")


def build(view: View, onset: Onset, drugs: Therapy, rp: str, latched: bool, count: int) -> Episode:
    """Steps 4 to 6 in their order."""
    improving, treated = is_improving(view, onset), is_treated(onset, drugs)
    latched = latched and not improving
    a = attested(view, "treatment-response")
    judged = a is not None and a.value is not None and within(view.time(a.made), view.now, "maintenance_days") == MET
    met = rp == MET or latched or (treated and (judged or count == 3))
    status = MET if met else rp
    late = onset.when is not None and drugs.t0 is not None and new_illness(onset.when, drugs.t0, "breakthrough_days")
    breakthrough = drugs.combination and met and late and not improving
    worse = a is not None and a.value == "worsening" and within(view.time(a.made), view.now, "response_days") == MET
    refractory = breakthrough or (treated and met and (worse or count == 3))
    signs = frozenset(worsening(view, drugs)) if treated and met else frozenset()
    return Episode(status, latched, treated, improving, breakthrough, refractory, signs)


def worsening(view: View, drugs: Therapy) -> Iterator[str]:
    """Signs (a) to (d) with no treatment-response newer than the sign."""
    a = attested(view, "treatment-response")
    judged = view.time(a.made) if a is not None and a.value is not None else None
    found = [("a", s) for s in new_support(view, drugs)]
    if not drugs.edge:
        found += [("b", s) for s in (*lower_band(view, drugs), *more_oxygen(view, drugs))]
        found += [("c", s) for s in falls(view, drugs)] + [("d", s) for s in worse_pictures(view, drugs)]
    yield from (letter for letter, when in found if judged is None or not later(judged, when))


def new_support(view: View, drugs: Therapy) -> Iterator[Span]:
    """(a) support begun more than 72 h after T0."""
    starts = [view.time(s.start) for s in view.facts.supports if s.concept in SUPPORT and s.start is not None]
    yield from (s for s in starts if drugs.t0 and older(drugs.t0, s, "worsening_support_hours") == MET)


def lower_band(view: View, drugs: Therapy) -> Iterator[Span]:
    """(b) P/F of the index gas in a lower band than that of the gas nearest T0; of several as near, than of all."""
    assert drugs.t0 is not None
    gas, _ = index_gas(view)
    first = nearest([(view.time(m.when), m) for m in rows(view, "pao2") if bands(view, m)], drugs.t0)
    mine = bands(view, gas) if gas is not None else set()
    if gas is None or not mine or not first:
        return
    lower = min(mine) > max(band for m in first for band in bands(view, m))
    if lower and all(later(view.time(gas.when), view.time(m.when)) for m in first):
        yield view.time(gas.when)


def end_of(s: Span) -> Span:
    """A day taken at its end, as in the look back (section 7); what is vaguer than a day stays so."""
    return Span(s.hi, s.hi, s.last, s.last, True) if s.first == s.last else s


def nearest(found: list[tuple[Span, T]], t0: Span) -> list[T]:
    """What lies nearest to T0 within 72 h."""
    near = [(end_of(s), each) for s, each in found if close(end_of(s), end_of(t0), "worsening_gas_hours") == MET]
    least = min((distance(s, end_of(t0)) for s, _ in near), default=None)
    return [each for s, each in near if distance(s, end_of(t0)) == least]


def bands(view: View, gas: Measurement) -> set[int]:
    """How many limits the P/F lies below, by the gas and all that contradicts it (K6); empty if one gives no ratio."""
    pairs = [(g, air) for g in versions(view, gas) for air in inspired(view, g)]
    if any(air.kind == "none" or g.value is None or g.comparator for g, air in pairs):
        return set()
    return {_band(g, air.value) for g, air in pairs}


def _band(gas: Measurement, fraction: Fraction) -> int:
    return 0 if gas.value is None else sum(Fraction(gas.value) < limit * fraction for limit in numbers("pf_bands"))


def recorded(view: View) -> list[tuple[Span, Fraction]]:
    """Recorded FiO2 values (room air 0.21), with their times."""
    usable = [m for m in rows(view, "fio2") if m.value is not None and not m.comparator and not estimated(view, m)]
    values = [(view.time(m.when), Fraction(m.value)) for m in usable]  # type: ignore[arg-type]
    return values + [(s, number("room_air_fio2")) for s in air_statements(view)]


def more_oxygen(view: View, drugs: Therapy) -> Iterator[Span]:
    """(b) highest FiO2 of 24 h at least 0.20 above the highest of the 24 h before T0 (none: nearest within 72 h)."""
    assert drugs.t0 is not None
    everything = recorded(view)
    now = [(s, v) for s, v in everything if within(s, view.now, "worsening_fio2_hours") == MET]
    before = [v for s, v in everything if within(end_of(s), end_of(drugs.t0), "worsening_fio2_hours") == MET]
    base = before or nearest(everything, drugs.t0)
    if not now or not base:
        return
    top = max(v for _, v in now)
    if top - max(base) >= number("worsening_fio2_rise"):
        yield from (s for s, v in now if v == top)


def falls(view: View, drugs: Therapy) -> Iterator[Span]:
    """(c) C2 or pao2Decline met with both values at or after T0 - 72 h."""
    assert drugs.t0 is not None
    for concepts, limit in ((deciding(view), "fvc_fall_pct"), (DIFFUSION, "dlco_fall_pct")):
        index, base, _ = pair_of(view, concepts)
        if index and base and fell(index, base, number(limit)).met and _since(view, base, drugs.t0):
            yield view.time(index.when)
    gas, base = index_gas(view)[0], baseline_gas(view)
    if gas and base and pao2_decline(view).met and _since(view, base, drugs.t0):
        yield view.time(gas.when)


def _since(view: View, base: Measurement, t0: Span) -> bool:
    return reaches_back(view.time(base.when), t0, "worsening_gas_hours") == MET


def worse_pictures(view: View, drugs: Therapy) -> Iterator[Span]:
    """(d) ct-worsening true or C3 met: earlier study at or after T0 - 7 d, later study after T0."""
    assert drugs.t0 is not None
    states = (("ct-worsening", attested_worsening(view)), ("hrct-increase-percent", hrct_increase(view)))
    for code, state in states:
        a = attested(view, code, always=True)
        pair = study_dates(view, a) if a is not None and state.met else None
        if pair and reaches_back(pair[0], drugs.t0, "worsening_ct_days") == MET and later(pair[1], drugs.t0):
            yield pair[1]
