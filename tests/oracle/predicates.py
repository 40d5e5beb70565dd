"""Predicates: risk, lung disease, severe failure, rescue, other causes, referral (decisions section 6)."""

from __future__ import annotations

from fractions import Fraction

from rpild_rules.facts import Measurement
from tests.oracle.answers import MET, NOT_MET, UNKNOWN, Answer
from tests.oracle.care import REASONS, air_statements, dependent, dyspnoea_shown, ended, overlaps, oxygen_evidence
from tests.oracle.chart import (
    ILD,
    View,
    acute,
    at_hospital,
    attested,
    contradicting,
    counted_as,
    dated_within,
    gas_window,
    has,
    lately,
    proves,
    rows,
    was_read,
)
from tests.oracle.criteria import FOUR
from tests.oracle.ct import attested_worsening, valid_true
from tests.oracle.episode import Episode
from tests.oracle.gas import below_ratio, estimated, inspired, versions
from tests.oracle.lungs import late_fall
from tests.oracle.onset import RESPIRATORY
from tests.oracle.settings import number
from tests.oracle.times import close, within

CAUSES = (
    "pneumonia", "covid-19", "pjp", "vap", "vte", "pneumomediastinum", "pneumothorax", "drug-ild",
    "hypersensitivity-pneumonitis",
    "radiation-pneumonitis", "heart-failure",
)  # fmt: skip
VIRUSES = {"sars-cov-2-rna": "covid-19", "influenza-a-rna": "influenza", "influenza-b-rna": "influenza"}
EXPLAINING = {"covid-19", "influenza", "pjp", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis"}


def high_risk(
    view: View, on: Answer, c: dict[str, Answer], f: dict[str, Answer], context: str, weak_gate: bool
) -> bool:
    """highRisk: any proven part."""
    full = not weak_gate or respiratory_hospital(view)
    imprecise = on.status == UNKNOWN and on.foremost == "imprecise-date"
    limited = f["ferritin828"].met or f["aado2of32"].met or imprecise
    cough = context == "confirmed" and any(
        dated_within(view, d, "cough_days") for d in view.facts.diagnoses if counted_as(d, "cough")
    )
    return (
        (limited and full)
        or on.met
        or any(c[name].met for name in FOUR)
        or low_saturation(view)
        or late_fall(view)
        or cough
    )


def respiratory_hospital(view: View) -> bool:
    """Setting acute with a respiratory reason."""
    return any(
        s.kind in ("stay", "emergency") and at_hospital(view, s) and s.reasons & REASONS for s in view.facts.stays
    )


def low_saturation(view: View) -> bool:
    """SpO2 < 90 % on room air in the gas window."""
    return any(proves(m, "<", number("spo2_low")).met and on_air(view, m) for m in saturations(view))


def saturations(view: View) -> list[Measurement]:
    """Valid saturations in the window; the newest speaks."""
    return [m for m in rows(view, "spo2") if within(view.time(m.when), view.now, gas_window(view)) == MET][:1]


def on_air(view: View, m: Measurement) -> bool:
    """A saturation on room air: by its code, or by any word of it within the hour, a mask beside it or not.

    The rule on estimates is one of gases (C4); a saturation as low under a mask is worse than one on room air.
    """
    when = view.time(m.when)
    told = [
        view.time(f.when)
        for f in rows(view, "fio2")
        if f.value is not None and not f.comparator and Fraction(f.value) <= number("room_air_fio2")
    ]
    said = [*told, *air_statements(view)]
    return m.variant == "room-air" or any(close(each, when, "fio2_pair_minutes") == MET for each in said)


def lung_evidence(view: View, c: dict[str, Answer]) -> bool:
    """lungEvidence."""
    pictures = valid_true(view, "bilateral-infiltrates", "attestation_days", film=True) or attested_worsening(view).met
    return (
        has(view.facts, *ILD)
        or any(c[n].met for n in FOUR[1:])
        or pictures
        or valid_true(view, "ggo-all-six-fields", "six_fields_days")
    )


def lung_signal(view: View, on: Answer, c: dict[str, Answer]) -> bool:
    """lungSignal."""
    onset = on.met or (on.status == UNKNOWN and on.foremost == "imprecise-date")
    noted = any(proves(m, "<", number("spo2_note")).met for m in saturations(view))
    oxygen = oxygen_evidence(view, "c1_oxygen_days")[0] or dependent(view)
    return has(view.facts, *ILD) or onset or dyspnoea_shown(view).met or any(c[n].met for n in FOUR) or noted or oxygen


def other_causes(view: View, proven: bool = False) -> set[str]:
    """otherCause: what is documented within 31 days; what may be is listed too, unless `proven` is asked."""
    close_by = dated_within if proven else lately
    found = {
        c for d in view.facts.diagnoses for c in CAUSES if counted_as(d, c) and close_by(view, d, "other_cause_days")
    }
    tests = [r for r in view.facts.results if r.valid and r.concept in VIRUSES and r.meaning == "positive" and r.when]
    return found | {VIRUSES[r.concept] for r in tests if within(view.time(r.when), view.now, "other_cause_days") == MET}


def quiet(view: View) -> bool:
    """Nothing respiratory for 92 days, and not acute."""
    symptoms = [
        d
        for d in view.facts.diagnoses
        if d.concepts & {*RESPIRATORY, "cough"} and d.verification not in ("refuted", "entered-in-error")
    ]
    recent = any(
        within(view.time(w), view.now, "quiet_days") != NOT_MET for d in symptoms for w in (d.onset, d.recorded) if w
    )
    oxygen, doubts = oxygen_evidence(view, "quiet_days")
    oxygen = oxygen or dependent(view) or "imprecise-date" in doubts
    stated = [attested(view, code) for code in ("progressive-dyspnoea", "ct-worsening")]
    said = any(
        a is not None and a.value is True and within(view.time(a.made), view.now, "quiet_days") == MET for a in stated
    )
    read = was_read(view, "E-O2") and was_read(view, "E-ATT")
    return read and not (acute(view) or recent or oxygen or said)


def on_now(view: View, *concepts: str) -> bool:
    """Support of these kinds at any time in the last 24 h."""
    return any(
        s.concept in concepts and overlaps(view, s.start, ended(s), "blind_hours") == MET for s in view.facts.supports
    )


def running_now(view: View, *concepts: str) -> bool:
    """Support of these kinds that runs at T, or was observed in the last 24 h."""
    mine = [
        s
        for s in view.facts.supports
        if s.concept in concepts and s.start is not None and view.time(s.start).lo <= view.now.hi
    ]
    seen = [
        s for s in mine if s.start == (s.end or s.start) and within(view.time(s.start), view.now, "blind_hours") == MET
    ]
    return bool(seen) or any(s.running or (s.end is not None and view.time(s.end).hi >= view.now.hi) for s in mine)


def gas_blind(view: View) -> bool:
    """High support and no arterial gas in 24 h."""
    high = [m for m in rows(view, "fio2") if proves(m, ">=", number("blind_fio2")).met and not estimated(view, m)]
    strained = on_now(view, "hfnc", "niv", "invasive-ventilation") or any(
        within(view.time(m.when), view.now, "blind_hours") == MET for m in high
    )
    return (
        was_read(view, "E-GAS")
        and strained
        and not any(
            within(view.time(m.when), view.now, "blind_hours") == MET for m in rows(view, "pao2") if m.value is not None
        )
    )


def recent_gases(view: View) -> list[Measurement]:
    """Valid arterial gases of the last 24 h."""
    return [m for m in rows(view, "pao2") if within(view.time(m.when), view.now, "ecmo_window_hours") == MET]


def ratio_below(view: View, gas: Measurement, limit: str, floor: str = "room_air_fio2") -> bool:
    """P/F under a limit with recorded FiO2 above room air (or at least a floor).

    Contradicting gases must all lie under the limit (K6); the floor is asked of the gas itself: a second gas of
    the same moment with its own FiO2 takes nothing from it.
    """
    pairs = [(g, air) for g in versions(view, gas) for air in inspired(view, g)]
    deep = all(air.value >= number(floor) for air in inspired(view, gas))
    return deep and all(a.kind == "recorded" and below_ratio(g, a, number(limit)).met for g, a in pairs)


def low_ratio(view: View, limit: str, floor: str = "room_air_fio2", supported: bool = False) -> bool:
    """Any P/F of 24 h under a limit: of a gas, or as reported where no gas of the hour gives it.

    With recorded oxygen; for a reported one HFNC or NIV (`supported`) do as well, where the rule says "or".
    """
    reported = [
        m
        for m in rows(view, "pf-ratio")
        if m.value is not None and within(view.time(m.when), view.now, "ecmo_window_hours") == MET
    ]
    return any(ratio_below(view, g, limit, floor) for g in recent_gases(view)) or any(
        reported_below(view, m, limit, "" if supported else floor) for m in reported
    )


def reported_below(view: View, m: Measurement, limit: str, floor: str) -> bool:
    """A reported P/F under a limit on recorded oxygen, by itself and all that contradicts it (K6)."""
    when, gases = view.time(m.when), [g for g in rows(view, "pao2") if g.value is not None]
    if any(close(view.time(g.when), when, "fio2_pair_minutes") == MET for g in gases):
        return False
    on_oxygen = not floor or all(a.kind == "recorded" and a.value >= number(floor) for a in inspired(view, m))
    return on_oxygen and all(proves(each, "<", number(limit)).met for each in contradicting(view, m))


def severe_failure(view: View) -> str:
    """severeFailure: "a", "b" or empty."""
    if low_ratio(view, "ecmo_pf"):
        return "a"
    acid = [m for m in rows(view, "ph-arterial") if within(view.time(m.when), view.now, "ecmo_window_hours") == MET]
    low = any(all(_acidosis(p, c) for c in told) for p in acid for told in _carbon_of(view, p))
    return "b" if low else ""


def _carbon_of(view: View, p: Measurement) -> list[list[Measurement]]:
    """Each carbon dioxide of "one gas" with a pH, with what contradicts it (K6): of the same set, where there is one.

    Else the nearest of the same hour, or of the same day where neither has a time. Any of them may show the failure.
    """
    known = [q for q in rows(view, "paco2") if q.value is not None]
    own = [q for q in known if q.groups & p.groups]
    if own:
        return [[c for c in contradicting(view, q) if c in own] for q in own]
    when = view.time(p.when)
    near = [q for q in known if view.time(q.when) == when or close(view.time(q.when), when, "fio2_pair_minutes") == MET]
    least = min((abs(view.time(q.when).hi - when.hi) for q in near), default=0)
    return [contradicting(view, q) for q in near if abs(view.time(q.when).hi - when.hi) == least]


def _acidosis(p: Measurement, q: Measurement) -> bool:
    return proves(p, "<", number("ecmo_ph")).met and proves(q, ">=", number("ecmo_paco2")).met


def rescue_need(view: View, episode: Episode) -> str:
    """rescueNeed: "i", "ii" or empty."""
    if not episode.met:
        return ""
    ventilated = running_now(view, "invasive-ventilation")
    deep = low_ratio(view, "rescue_pf", "rescue_fio2")
    if ventilated and deep:
        return "i"
    supported = running_now(view, "hfnc", "niv") and low_ratio(view, "rescue_pf", supported=True)
    worse = episode.refractory or bool(episode.signs)
    return "ii" if worse and (ventilated or deep or supported) else ""


def referral_sent(view: View) -> bool:
    """referralSent."""
    sent = [o for o in view.facts.orders if "referral-transplant" in o.concepts or "transplant-referral" in o.items]
    drafted = [
        o for o in view.facts.drafted_orders if "referral-transplant" in o.concepts or "transplant-referral" in o.items
    ]
    live = any(o.status in ("active", "on-hold") for o in sent if not o.do_not_perform)
    done = [o for o in sent if o.status == "completed" and o.authored is not None]
    past = any(within(view.time(o.authored), view.now, "referral_days") == MET for o in done)
    return live or past or bool(drafted) or has(view.facts, "awaiting-transplant")


def care_limited(view: View) -> bool:
    """A partial limit of care."""
    return any(limit.kind == "partial" for limit in view.facts.limits)
