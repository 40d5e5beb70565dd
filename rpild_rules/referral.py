"""Severe failure, rescue, and what speaks for or against a referral to a transplant or ECMO centre (decisions section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from rpild_rules import oxygen, results
from rpild_rules.concepts import MECHANICAL
from rpild_rules.diagnoses import dated_within, having
from rpild_rules.facts import Diagnosis, Meaning, Measurement, Order, PatientFacts
from rpild_rules.findings import MET
from rpild_rules.gas_exchange import printed_ratio, ratio_below
from rpild_rules.knowledge import Knowledge
from rpild_rules.oxygen import fraction_of
from rpild_rules.results import compare, shown, time_of
from rpild_rules.when import When, near, within

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
    """Severe respiratory failure: by which rule, in words with duration, and the gases."""

    rule: str
    words: str
    evidence: tuple[str, ...]


def severe_failure(facts: PatientFacts, now: When, knowledge: Knowledge) -> Failure | None:
    """P/F under the ECMO limit on recorded oxygen, or acidosis with carbon dioxide retention, within the last day."""
    gases = _recent(facts, "pao2", now, knowledge)
    low = [g for g in gases if _ratio_under(g, facts, now, "ecmo_pf", knowledge)]
    if low:
        return Failure("ratio", _ratio_words(low[0], gases, facts, now, knowledge), (low[0].reference,))
    for acid in _recent(facts, "ph-arterial", now, knowledge):
        carbon = _same_gas(acid, facts, now, knowledge)
        if (
            carbon
            and compare(acid, knowledge.parameter("ecmo_ph")) is MET
            and compare(carbon, knowledge.parameter("ecmo_paco2")) is MET
        ):
            words = f"pH {shown(acid)} with PaCO2 {carbon.printed}: duration not shown"
            return Failure("acidosis", words, (acid.reference, carbon.reference))
    return None


def _recent(facts: PatientFacts, concept: str, now: When, knowledge: Knowledge) -> list[Measurement]:
    window = knowledge.window("ecmo_window_hours")
    return [
        m for m in results.readable(results.of(facts, concept), now) if within(time_of(m).cut(now), now, window) is MET
    ]


def _ratio_under(gas: Measurement, facts: PatientFacts, now: When, limit: str, knowledge: Knowledge) -> bool:
    """A conflict with another gas of the hour leaves it open."""
    fraction = fraction_of(gas, facts, knowledge, now)
    if fraction.value is None or fraction.air:
        return False
    others = results.rivals(gas, results.of(facts, "pao2"), knowledge, now, results.same)
    fractions = [(other, fraction_of(other, facts, knowledge, now).value) for other in others]
    return ratio_below(gas, fraction.value, knowledge.number(limit)) is MET and all(
        value is None or ratio_below(other, value, knowledge.number(limit)) is MET for other, value in fractions
    )


def _ratio_words(
    newest: Measurement, gases: list[Measurement], facts: PatientFacts, now: When, knowledge: Knowledge
) -> str:
    """The ratio with the unbroken run of gases under the limit that ends with this one."""
    run: list[Measurement] = []
    for gas in gases[gases.index(newest) :]:
        if not _ratio_under(gas, facts, now, "ecmo_pf", knowledge):
            break
        run.append(gas)
    fraction = fraction_of(newest, facts, knowledge, now)
    ratio = printed_ratio(newest, fraction.value) if fraction.value else ""
    words = f"P/F {ratio} (PaO2 {shown(newest)}, {fraction.printed})"
    if len(run) == 1:
        return f"{words}: under {knowledge.number('ecmo_pf')} on one gas, duration not shown"
    hours = (time_of(run[0]).latest - time_of(run[-1]).earliest) / timedelta(hours=1)
    return f"{words}: under {knowledge.number('ecmo_pf')} on {len(run)} gases over {hours:.1f} h"


def _same_gas(acid: Measurement, facts: PatientFacts, now: When, knowledge: Knowledge) -> Measurement | None:
    found = results.readable(results.of(facts, "paco2"), now)
    window = knowledge.window("fio2_pair_minutes")
    return next((m for m in found if m.groups & acid.groups or time_of(m) == time_of(acid)), None) or next(
        (m for m in found if near(time_of(m), time_of(acid), window) is MET), None
    )


def low_ratio_gas(facts: PatientFacts, now: When, knowledge: Knowledge, on_support: bool) -> Measurement | None:
    """A gas of the last day with P/F under the rescue limit at high recorded oxygen, or (on support) on HFNC or NIV."""
    for gas in _recent(facts, "pao2", now, knowledge):
        fraction = fraction_of(gas, facts, knowledge, now)
        high = fraction.value is not None and knowledge.parameter("rescue_fio2").holds(fraction.value)
        if _ratio_under(gas, facts, now, "rescue_pf", knowledge) and (high or (on_support and _supported(facts, now))):
            return gas
    return None


def _supported(facts: PatientFacts, now: When) -> bool:
    return bool(oxygen.running(facts, MECHANICAL - {"invasive-ventilation"}, now))


def rescue_need(facts: PatientFacts, worse: bool, now: When, knowledge: Knowledge) -> str:
    """`i` ventilated with a low P/F, treated or not; `ii` worse under treatment and ventilated or low; empty if neither."""
    ventilated = bool(oxygen.running(facts, frozenset({"invasive-ventilation"}), now))
    if ventilated and low_ratio_gas(facts, now, knowledge, on_support=False):
        return "i"
    if worse and (ventilated or low_ratio_gas(facts, now, knowledge, on_support=True)):
        return "ii"
    return ""


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
            or (d.concepts & RECENT_BARRIERS and dated_within(d, now, recent))
            or (d.concepts & VASCULAR_BARRIERS and dated_within(d, now, vascular))
        ):
            yield d


def referral_sent(facts: PatientFacts, now: When, knowledge: Knowledge) -> str:
    """Words for a transplant referral already sent or being signed; empty if none is proven."""
    for o in (*facts.drafted_orders, *facts.orders):
        if "referral-transplant" in o.concepts and not o.do_not_perform and _counts(o, now, knowledge):
            return "being signed" if o.drafted else f"sent {_when(o.authored)}"
    waiting = having(facts, {"awaiting-transplant"})
    return f"{waiting[0].printed}: the organ is not recorded" if waiting else ""


def _counts(o: Order, now: When, knowledge: Knowledge) -> bool:
    if o.drafted or o.status in WAITING:
        return True
    return (
        o.status == "completed"
        and o.authored is not None
        and within(o.authored.cut(now), now, knowledge.window("referral_days")) is MET
    )
