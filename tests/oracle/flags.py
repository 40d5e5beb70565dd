"""Flags and the Kurasawa count (decisions section 6)."""

from __future__ import annotations

from fractions import Fraction

from rpild_rules.facts import Measurement
from tests.oracle.answers import ANY, MET, UNKNOWN, Answer, agreed, of, unsure
from tests.oracle.antibodies import ro52
from tests.oracle.care import distance
from tests.oracle.chart import View, contradicting, gas_window, held, newest, plain, proves, rows
from tests.oracle.ct import ct_worsening, valid_true, worsening_period
from tests.oracle.gas import Inspired, index_gas, inspired, versions
from tests.oracle.settings import choice, number
from tests.oracle.therapy import Therapy
from tests.oracle.times import close, later, within

TABLE = (
    ("ferritin828", "ferritin", ">=", "ferritin_flag"),
    ("ferritin1000", "ferritin", ">", "kurasawa_ferritin"),
    ("ferritin1500", "ferritin", ">=", "ferritin_tier"),
    ("ldh400", "ldh", ">", "ldh_flag"),
    ("crp13", "crp", ">=", "crp_flag"),
    ("lymphocytes500", "lymphocytes-abs", "<", "lymphocytes_flag"),
)


def flags(view: View) -> dict[str, Answer]:
    """All eight."""
    found = {name: _simple(view, concept, test, limit) for name, concept, test, limit in TABLE}
    return {**found, "aado2of32": gradient(view), "ro52": ro52(view)}


def _simple(view: View, concept: str, test: str, limit: str) -> Answer:
    m, why = newest(view, "flag_max_age_days", concept)
    if m is None:
        return why
    told = agreed(proves(v, test, number(limit)) for v in contradicting(view, m))
    return held(view, told, m, concept, told=lambda each: proves(each, test, number(limit)))


def gradient(view: View) -> Answer:
    """aado2of32: from components, else as reported."""
    gas, why = index_gas(view)
    carbon = partner(view, gas, "paco2") if gas is not None else None
    if gas is not None and carbon is not None:
        answer = _of_all(view, gas)
        complete = all(air.kind != "none" for air in inspired(view, gas)) and plain(gas, carbon).status == MET
        why = held(view, answer, gas, "pao2", told=lambda m: _of_all(view, m))
        if complete:
            return why
    elif gas is not None:
        why = held(view, unsure(ANY, *_doubts(view, gas)), gas, "pao2")
    reported = _reported(view)
    if reported is None or reported.status != UNKNOWN:
        return reported or why
    return Answer(UNKNOWN, reported.why | why.why)


def _of_all(view: View, gas: Measurement) -> Answer:
    return agreed(each for g in versions(view, gas) for each in _of_gas(view, g))


def _of_gas(view: View, gas: Measurement) -> list[Answer]:
    """By one gas and its own carbon dioxide, with what contradicts that (K6)."""
    carbon = partner(view, gas, "paco2")
    if carbon is None:
        return [unsure(ANY, "no-data")]
    return [_computed(gas, c, air) for c in contradicting(view, carbon) for air in inspired(view, gas)]


def _doubts(view: View, gas: Measurement) -> set[str]:
    """Why the FiO2 of a gas is open."""
    airs = inspired(view, gas)
    return {air.why for air in airs if air.kind == "none"}


def partner(view: View, gas: Measurement, concept: str) -> Measurement | None:
    """The other value of one gas: of the same set, else the nearest within 60 minutes."""
    when = view.time(gas.when)
    grouped = [m for m in rows(view, concept) if m.groups & gas.groups]
    near = [m for m in rows(view, concept) if close(view.time(m.when), when, "fio2_pair_minutes") == MET]
    return grouped[0] if grouped else min(near, key=lambda m: distance(view.time(m.when), when), default=None)


def _computed(gas: Measurement, carbon: Measurement, air: Inspired) -> Answer:
    why = {air.why} if air.kind == "none" else set(plain(gas, carbon).why)
    why |= {"not-comparable"} if air.kind == "recorded" and choice("aado2_room_air_only") else set()
    if why:
        return unsure(ANY, *why)
    inhaled = (number("room_air_fio2") if air.kind == "air" else air.value) * (
        number("barometric_mmHg") - number("water_vapour_mmHg")
    )
    value = inhaled - Fraction(carbon.value) / number("respiratory_quotient") - Fraction(gas.value)  # type: ignore[arg-type]
    return of(value >= number("aado2_flag"))


def _reported(view: View) -> Answer | None:
    m, why = newest(view, gas_window(view), "aa-gradient")
    if m is None:
        return None if why.foremost in ("no-data", "fetch-failed", "not-permitted", "stale") else why
    if all(air.kind == "recorded" for air in inspired(view, m)) and choice("aado2_room_air_only"):
        return unsure("not-comparable")
    told = agreed(proves(v, ">=", number("aado2_flag")) for v in contradicting(view, m))
    return held(view, told, m, "aa-gradient")


def kurasawa(view: View, drugs: Therapy) -> int:
    """How many of the three parts are met."""
    return sum(
        (
            _high_before(view, drugs),
            valid_true(view, "ggo-all-six-fields", "six_fields_days"),
            _worse_after(view, drugs),
        )
    )


def _high_before(view: View, drugs: Therapy) -> bool:
    """(1): the newest ferritin at or before therapy start (no therapy: newest), at most 31 days before it."""
    if drugs.edge:
        return False
    start = drugs.t0 or view.now
    before = [
        m
        for m in rows(view, "ferritin")
        if m.value is not None and within(view.time(m.when), start, "kurasawa_ferritin_days") == MET
    ]
    if not before:
        return False
    return agreed(proves(v, ">", number("kurasawa_ferritin")) for v in contradicting(view, before[0])).met


def _worse_after(view: View, drugs: Therapy) -> bool:
    """(3): ctWorsening whose period ends after therapy start."""
    pair = worsening_period(view) if ct_worsening(view).met else None
    return pair is not None and drugs.t0 is not None and (drugs.edge or later(pair[1], drugs.t0))
