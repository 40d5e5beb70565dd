"""How bad things are, in bands: what must become worse before the same card is shown again (decisions section 14)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rpild_rules import results
from rpild_rules.definition import CRITERIA
from rpild_rules.facts import Measurement
from rpild_rules.findings import MET
from rpild_rules.gas_exchange import contradicting, gas_window
from rpild_rules.oxygen import fraction_of
from rpild_rules.results import compare, time_of, value_of
from rpild_rules.when import Window, lately

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

FERRITIN_TIERS = ("ferritin_flag", "kurasawa_ferritin", "ferritin_tier")


@dataclass(frozen=True, slots=True)
class Marks:
    """Criteria met in this episode, and three bands: 0 is the best one, a higher number worse, None not known.

    `pressure` counts the P/F limits that the worst gas lies under, `oxygen` the FiO2 limits reached above room air,
    `ferritin` the limits reached.
    """

    criteria: frozenset[str] = frozenset()
    pressure: int | None = None
    oxygen: int | None = None
    ferritin: int | None = None

    @property
    def bands(self) -> tuple[int, int, int]:
        """The bands, what is not known as the best one."""
        return self.pressure or 0, self.oxygen or 0, self.ferritin or 0

    def worse_than(self, stored: Marks) -> bool:
        """Whether a criterion is new or a band worse; what is not known now is no change."""
        worse = any(band > old for band, old in zip(self.bands, stored.bands, strict=True))
        return worse or bool(self.criteria - stored.criteria)

    def after(self, stored: Marks) -> Marks:
        """What to store when the card is sent again: an element not read keeps its stored part."""
        return Marks(
            self.criteria | stored.criteria,
            stored.pressure if self.pressure is None else self.pressure,
            stored.oxygen if self.oxygen is None else self.oxygen,
            stored.ferritin if self.ferritin is None else self.ferritin,
        )

    def for_episode_since(self, sent: datetime, s: Situation) -> Marks:
        """The stored marks as far as they hold: a new episode, begun after the card was sent, has no criteria yet."""
        onset = s.onset.when
        return replace(self, criteria=frozenset()) if onset and onset.earliest > sent else self

    def text(self) -> str:
        """As kept in the alert memory."""
        return json.dumps([sorted(self.criteria), self.pressure, self.oxygen, self.ferritin])


def read_marks(text: str) -> Marks:
    """The marks of a stored text; raises ValueError."""
    criteria, *bands = json.loads(text)
    return Marks(frozenset(criteria), *bands)


def find_marks(s: Situation, sent: datetime | None = None) -> Marks:
    """The marks now, of the results since a card was `sent`; without it, of all that count now.

    A result may arrive late: those within the usual window of their kind count too, whenever the card was sent.
    """
    short = gas_window(s.facts, s.now, s.now, s.knowledge)
    flagged = s.knowledge.window("flag_max_age_days")
    met = {id for id in CRITERIA if s.found[id].met} | {f.id for f in s.episode.latch.findings}
    gases, oxygen = _since(s, "pao2", short, sent), _since(s, "fio2", short, sent)
    reported = [_reported_band(m, s) for m in _since(s, "pf-ratio", short, sent)]
    return Marks(
        frozenset(met & set(CRITERIA)),
        _worst([*(_pressure_band(m, s) for m in gases), *reported]),
        _worst(_oxygen_band(m, s) for m in oxygen),
        _worst(_ferritin_band(m, s) for m in _since(s, "ferritin", short if sent else flagged, sent)),
    )


def _worst(bands: Iterable[int | None]) -> int | None:
    return max((band for band in bands if band is not None), default=None)


def _since(s: Situation, concept: str, window: Window, sent: datetime | None) -> list[Measurement]:
    found = results.readable(results.of(s.facts, concept), s.now)
    return [m for m in found if lately(time_of(m), s.now, window) is MET or (sent and time_of(m).earliest > sent)]


def _pressure_band(gas: Measurement, s: Situation) -> int | None:
    """Of gases of one hour that contradict each other the best: what is not proven is no worsening (K6)."""
    alike = (gas, *contradicting(gas, s.facts, s.knowledge, s.now))
    bands = [_computed_band(each, s) for each in alike]
    known = [band for band in bands if band is not None]
    return min(known) if len(known) == len(bands) else None


def _computed_band(gas: Measurement, s: Situation) -> int | None:
    fraction = fraction_of(gas, s.facts, s.knowledge, s.now).value
    if fraction is None or gas.comparator:
        return None
    return sum(value_of(gas) < limit * fraction for limit in s.knowledge.numbers("pf_bands"))


def _reported_band(ratio: Measurement, s: Situation) -> int | None:
    if ratio.comparator:
        return None
    return sum(value_of(ratio) < limit for limit in s.knowledge.numbers("pf_bands"))


def _oxygen_band(m: Measurement, s: Situation) -> int | None:
    if m.estimated or m.comparator.startswith("<"):
        return None
    *limits, _room_air = s.knowledge.numbers("fio2_bands")
    return sum(value_of(m) >= limit for limit in limits)


def _ferritin_band(m: Measurement, s: Situation) -> int | None:
    if m.comparator.startswith("<"):
        return None
    reached = sum(compare(m, s.knowledge.parameter(tier)) is MET for tier in FERRITIN_TIERS)
    return reached + _doublings(value_of(m) / s.knowledge.number("ferritin_tier"), s)


def _doublings(times: Decimal, s: Situation) -> int:
    """How often the factor goes into a multiple of the highest tier."""
    factor, count = s.knowledge.parameter("ferritin_band_factor"), 0
    while factor.holds(times):
        times, count = times / s.knowledge.number("ferritin_band_factor"), count + 1
    return count
