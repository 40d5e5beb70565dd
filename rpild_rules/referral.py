"""Severe failure, rescue, and what a transplant or ECMO centre will ask about (decisions section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import takewhile

from rpild_rules import results
from rpild_rules.diagnoses import having, may_be_dated_within
from rpild_rules.facts import Diagnosis, Meaning, Measurement, Order, PatientFacts, Support
from rpild_rules.findings import MET, NOT_MET
from rpild_rules.gas_exchange import contradicting, printed_ratio, ratio_below
from rpild_rules.knowledge import Knowledge
from rpild_rules.order_safety import is_signed
from rpild_rules.oxygen import Fraction, fractions_of
from rpild_rules.results import compare, compared, shown, time_of
from rpild_rules.support import in_use
from rpild_rules.when import When, Window, lately, near

VENTILATION = frozenset({"invasive-ventilation"})
ASSISTED = frozenset({"hfnc", "niv"})

RECENT_BARRIERS = frozenset(
    {"sepsis", "septic-shock", "infection-outside-lung", "acute-liver-failure", "acute-kidney-injury"}
)
VASCULAR_BARRIERS = frozenset({"acute-coronary-syndrome", "stroke"})
LASTING_BARRIERS = frozenset(
    {"tuberculosis-active", "cirrhosis", "malignancy-high-risk", "tobacco-use", "substance-use"}
)
WAITING = frozenset({"active", "on-hold"})


@dataclass(frozen=True, slots=True)
class Failure:
    """Severe respiratory failure, or the need of rescue: by which rule, in words with values, times and duration.

    `rule`: `ratio` or `acidosis` for severe failure, `i` or `ii` for rescue.
    """

    rule: str
    words: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One P/F: of a gas with its recorded oxygen, or as the laboratory reported it."""

    gas: Measurement
    oxygen: Fraction
    reported: bool = False

    @property
    def recorded(self) -> bool:
        """On oxygen of a recorded fraction."""
        return self.oxygen.value is not None and not self.oxygen.air

    @property
    def words(self) -> str:
        if self.reported:
            return f"P/F {shown(self.gas)} as reported, {self.oxygen.printed}"
        ratio = printed_ratio(self.gas, self.oxygen.value) if self.oxygen.value else "not known"
        return f"P/F {ratio} (PaO2 {shown(self.gas)}, {self.oxygen.printed})"


def severe_failure(facts: PatientFacts, now: When, knowledge: Knowledge) -> Failure | None:
    """P/F under the ECMO limit on recorded oxygen, or acidosis with carbon dioxide retention, within the last day."""
    by_ratio, by_acid = _low_ratio(facts, now, knowledge), _acidosis(facts, now, knowledge)
    if by_ratio and by_acid:
        return Failure("ratio", f"{by_ratio.words}; {by_acid.words}", by_ratio.evidence + by_acid.evidence)
    return by_ratio or by_acid


def _recent(gases: Iterable[Ratio], now: When, knowledge: Knowledge) -> Iterator[Ratio]:
    """Those surely of the last day, newest first; one of an unsure time neither counts nor ends the search."""
    window = knowledge.window("ecmo_window_hours")
    placed = ((r, lately(time_of(r.gas), now, window)) for r in gases)
    return (r for r, place in takewhile(lambda each: each[1] is not NOT_MET, placed) if place is MET)


def _ratios(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[Ratio]:
    """The P/F of every gas on recorded oxygen, newest first; a reported one only where no gas gives it."""
    gases = results.readable(results.of(facts, "pao2"), now)
    for m in results.readable(results.of(facts, "pao2", "pf-ratio"), now):
        reported = m.concept == "pf-ratio"
        if not (reported and any(near(time_of(g), time_of(m), _hour(knowledge)) is MET for g in gases)):
            yield Ratio(m, _least(fractions_of(m, facts, knowledge, now)), reported)


def _least(fractions: tuple[Fraction, ...]) -> Fraction:
    """Of contradicting fractions the one with the mildest ratio is shown; whether it counts is asked of all (K6)."""
    return min(fractions, key=lambda each: each.value or Decimal(0))


def _hour(knowledge: Knowledge) -> Window:
    return knowledge.window("fio2_pair_minutes")


def _under(r: Ratio, limit: str, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Surely below a limit; a gas, or a reported ratio, of the same hour that contradicts it leaves it open (K6)."""
    if r.reported:
        others = results.rivals(r.gas, results.of(facts, "pf-ratio"), knowledge, now, results.same)
        return all(compare(each, knowledge.parameter(limit)) is MET for each in (r.gas, *others))
    gases = (r.gas, *contradicting(r.gas, facts, knowledge, now))
    return all(_computed_under(gas, limit, facts, now, knowledge) for gas in gases)


def _computed_under(gas: Measurement, limit: str, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    border = knowledge.number(limit)
    return all(
        each.value is not None and not each.air and ratio_below(gas, each.value, border) is MET
        for each in fractions_of(gas, facts, knowledge, now)
    )


def _low_ratio(facts: PatientFacts, now: When, knowledge: Knowledge) -> Failure | None:
    """(a) with the unbroken run of gases under the limit that ends with the newest low one."""

    def low(r: Ratio) -> bool:
        return r.recorded and _under(r, "ecmo_pf", facts, now, knowledge)

    ratios = _ratios(facts, now, knowledge)
    recent: list[Ratio] = []
    newest = next((r for r in _kept(_recent(ratios, now, knowledge), recent) if low(r)), None)
    if newest is None:
        return None
    run = [newest, *takewhile(low, ratios)]
    since = f"; newest: {recent[0].words}" if recent[0] is not newest else ""
    words = f"{newest.words}: {_duration('ecmo_pf', [r.gas for r in run], knowledge)}{since}"
    return Failure("ratio", words, tuple(r.gas.reference for r in run))


def _kept(gases: Iterable[Ratio], seen: list[Ratio]) -> Iterator[Ratio]:
    """The same, noting what was looked at."""
    for each in gases:
        seen.append(each)
        yield each


def _duration(limit: str, gases: list[Measurement], knowledge: Knowledge) -> str:
    """How long an unbroken run of gases lay beyond a limit, newest first."""
    words = f"under {knowledge.number(limit)}"
    if len(gases) == 1:
        return f"{words} on one gas, duration not shown"
    hours = (time_of(gases[0]).latest - time_of(gases[-1]).earliest) / timedelta(hours=1)
    return f"{words} on {len(gases)} gases over {hours:.1f} h"


def _acidosis(facts: PatientFacts, now: When, knowledge: Knowledge) -> Failure | None:
    """(b) pH and carbon dioxide of one gas beyond their limits, with the unbroken run of such gases."""
    acids = results.readable(results.of(facts, "ph-arterial"), now)
    window = knowledge.window("ecmo_window_hours")
    recent = (m for m in acids if lately(time_of(m), now, window) is MET)
    found = next(((m, carbon) for m in recent if (carbon := _retained(m, facts, now, knowledge))), None)
    if found is None:
        return None
    newest, carbon = found
    run = list(takewhile(lambda m: _retained(m, facts, now, knowledge), acids[acids.index(newest) :]))
    words = f"pH {shown(newest)} with PaCO2 {compared(carbon)}: {_duration('ecmo_ph', run, knowledge)}"
    return Failure("acidosis", words, tuple(m.reference for m in (*run, carbon)))


def _retained(acid: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> Measurement | None:
    """The newest carbon dioxide of the gas that is beyond its limit as the pH is; what contradicts it has to be too.

    Any of them: two values that do not contradict each other (K6) are both valid, and "any" within the day is asked.
    """
    known = results.readable(results.of(facts, "paco2"), now)
    together = [m for m in known if m.groups & acid.groups]
    for carbon in together or _nearest(known, time_of(acid), knowledge):
        others = results.rivals(carbon, together or known, knowledge, now, results.same)
        if all(_acidotic(acid, each, knowledge) for each in (carbon, *others)):
            return carbon
    return None


def _acidotic(acid: Measurement, carbon: Measurement, knowledge: Knowledge) -> bool:
    return (
        compare(acid, knowledge.parameter("ecmo_ph")) is MET
        and compare(carbon, knowledge.parameter("ecmo_paco2")) is MET
    )


def _nearest(known: list[Measurement], at: When, knowledge: Knowledge) -> list[Measurement]:
    """Those of the hour that lie nearest to a time; one day without a time for both is one gas: a missing clock never
    silences a severe case."""
    close = [m for m in known if time_of(m) == at or near(time_of(m), at, _hour(knowledge)) is MET]
    least = min((abs(time_of(m).latest - at.latest) for m in close), default=None)
    return [m for m in close if abs(time_of(m).latest - at.latest) == least]


def rescue_need(facts: PatientFacts, worse: bool, now: When, knowledge: Knowledge) -> Failure | None:
    """`i` ventilated with a low P/F, treated or not; `ii` worse under treatment and ventilated or low."""
    window = knowledge.window("ecmo_window_hours")
    ventilated = in_use(facts, VENTILATION, now, window)
    assisted = in_use(facts, ASSISTED, now, window)
    gas = _rescue_gas(facts, bool(assisted), now, knowledge)
    if ventilated and gas and _much_oxygen(gas, knowledge):
        return _rescue("i", ventilated[0], gas, knowledge)
    if worse and (ventilated or gas):
        support = next(iter((*ventilated, *assisted)), None)
        return _rescue("ii", support, gas, knowledge)
    return None


def _rescue(rule: str, support: Support | None, gas: Ratio | None, knowledge: Knowledge) -> Failure:
    words = f"{gas.words}: under {knowledge.number('rescue_pf')}" if gas else ""
    refs = (*([support.reference] if support else []), *([gas.gas.reference] if gas else []))
    return Failure(rule, words, refs)


def _rescue_gas(facts: PatientFacts, assisted: bool, now: When, knowledge: Knowledge) -> Ratio | None:
    """A P/F of the last day under the rescue limit, at high recorded oxygen first, else on HFNC or NIV."""
    recent = _recent(_ratios(facts, now, knowledge), now, knowledge)
    low = [r for r in recent if _under(r, "rescue_pf", facts, now, knowledge)]
    return next((r for r in low if _much_oxygen(r, knowledge)), low[0] if low and assisted else None)


def _much_oxygen(r: Ratio, knowledge: Knowledge) -> bool:
    return r.oxygen.value is not None and knowledge.parameter("rescue_fio2").holds(r.oxygen.value)


def transplant_barriers(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[str]:
    """What was found in the record that a transplant centre will ask about; never a reason not to refer."""
    found = [f"{d.printed} ({_when(d.onset or d.recorded)})" for d in _barrier_diagnoses(facts, now, knowledge)]
    egfr = results.choose(
        results.of(facts, "egfr"), now, knowledge.window("transplant_gfr_days"), facts.why_absent("E-CHEM"), "eGFR"
    ).value
    if egfr and compare(egfr, knowledge.parameter("transplant_gfr")) is MET:
        found.append(f"eGFR {shown(egfr)}")
    viraemia = [r for r in facts.results if r.concept == "hiv-rna" and r.valid and r.meaning is Meaning.POSITIVE]
    found += [f"HIV RNA {r.printed} ({_when(r.when)})" for r in viraemia]
    return sorted(dict.fromkeys(found))


def _when(when: When | None) -> str:
    return when.printed if when else "undated"


def _barrier_diagnoses(facts: PatientFacts, now: When, knowledge: Knowledge) -> Iterator[Diagnosis]:
    recent, vascular = knowledge.window("barrier_days"), knowledge.window("barrier_vascular_days")
    for d in having(facts, RECENT_BARRIERS | VASCULAR_BARRIERS | LASTING_BARRIERS):
        if (
            d.concepts & LASTING_BARRIERS
            or (d.concepts & RECENT_BARRIERS and may_be_dated_within(d, now, recent))
            or (d.concepts & VASCULAR_BARRIERS and may_be_dated_within(d, now, vascular))
        ):
            yield d


def referral_sent(facts: PatientFacts, now: When, knowledge: Knowledge) -> str:
    """Words for a transplant referral already sent or being signed; empty if none is proven."""
    for o in (*facts.drafted_orders, *facts.orders):
        if "referral-transplant" in o.concepts and _counts(o, now, knowledge):
            return knowledge.texts.say("common", "here") if o.drafted else f"sent {_when(o.authored)}"
    waiting = having(facts, {"awaiting-transplant"})
    return f"{waiting[0].printed}: the organ is not recorded" if waiting else ""


def _counts(o: Order, now: When, knowledge: Knowledge) -> bool:
    if o.drafted:
        return is_signed(o)
    fresh = o.authored is not None and lately(o.authored, now, knowledge.window("referral_days")) is MET
    return not o.do_not_perform and (o.status in WAITING or (o.status == "completed" and fresh))
