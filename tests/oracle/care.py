"""C1: dyspnoea that needs care (decisions section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from rpild_rules.facts import Diagnosis, Measurement, Stay, Support
from rpild_rules.when import When
from tests.oracle.answers import ANY, MET, NO, NOT_MET, UNKNOWN, YES, Answer, all_of, any_of, unsure
from tests.oracle.chart import ILD, View, absent, attested, counted_as, proves, rows, still_a_symptom, was_read
from tests.oracle.settings import choice, number, window
from tests.oracle.times import Span, close, judge, later, within

SHOWN_BY = ("dyspnea", "acute-resp-failure", "ards")
REASONS = ILD | {
    "dyspnea", "hypoxemia", "acute-resp-failure", "ards", "pneumonia", "pjp", "covid-19", "pneumomediastinum",
    "pneumothorax",
}  # fmt: skip
OXYGEN = ("hfnc", "niv", "invasive-ventilation", "ecmo", "oxygen-therapy")
ESTIMATING = {"nasal-cannula", "simple-mask", "non-rebreather"}
MECHANISMS = ESTIMATING | {"venturi", "hfnc", "niv", "invasive-ventilation", "oxygen-device", "oxygen-therapy"}
STAY_STATUSES = ("in-progress", "onleave", "finished")


def overlaps(view: View, start: When | None, end: When | None, name: str) -> str:
    """Whether [start, end] meets the window before this moment."""
    if start is None:
        return UNKNOWN
    if not view.known(start):
        return NOT_MET
    size, by_day = window(name)
    begun = judge(view.time(start), view.at, by_day, (0,), lambda d: d >= 0)
    left = MET if end is None else judge(view.time(end), view.at, by_day, (size,), lambda d: d <= size)
    return NOT_MET if NOT_MET in (begun, left) else UNKNOWN if UNKNOWN in (begun, left) else MET


def visits(view: View) -> list[tuple[Stay, str]]:
    """Encounters that took place, with their overlap with W."""
    happened = [s for s in view.facts.stays if s.status in STAY_STATUSES]
    return [(s, state) for s in happened if (state := _visit(view, s)) != NOT_MET]


def _visit(view: View, s: Stay) -> str:
    """A finished Encounter without an end may have ended at any time since it began."""
    state = overlaps(view, s.start, s.end, "c1_window_days")
    if s.status != "finished" or s.end is not None or state != MET or s.start is None:
        return state
    return (
        within(view.time(s.start), view.at, "c1_window_days")
        if within(view.time(s.start), view.at, "c1_window_days") == MET
        else UNKNOWN
    )


def dyspnoea_shown(view: View) -> Answer:
    """Leg dyspnoeaShown."""
    signs, unclear = _signs(view)
    stated = attested(view, "progressive-dyspnoea")
    live = stated is not None and within(view.time(stated.made), view.at, "attestation_days") == MET
    if (
        stated is not None
        and live
        and stated.value is False
        and not any(not later(view.time(stated.made), s) for s in signs)
    ):
        return NO
    if signs or (stated is not None and live and stated.value is True):
        return YES
    why = {"imprecise-date"} if unclear else set()
    why |= {"attestation-expired"} if stated is not None and not live else set()
    return unsure(*why) if why else _nothing_shown(view)


def _nothing_shown(view: View) -> Answer:
    unread = [absent(view, element) for element in ("E-ATT", "E-ENC") if not was_read(view, element)]
    return any_of(unread) if unread else unsure("no-data")


def _signs(view: View) -> tuple[list[Span], bool]:
    """The times of Conditions in W and of Encounters for them."""
    times, unclear = [], False
    for d in view.facts.diagnoses:
        if any(still_a_symptom(view, d, c) for c in SHOWN_BY):
            given = [view.time(w) for w in (d.onset, d.recorded) if view.known(w)]
            states = [within(g, view.at, "c1_window_days") for g in given]
            times += [max(given, key=lambda s: s.hi)] if MET in states else []
            unclear |= UNKNOWN in states
    for stay, state in visits(view):
        if stay.reasons & set(SHOWN_BY):
            times += [view.time(stay.start)] if state == MET else []
            unclear |= state == UNKNOWN
    return times, unclear


def respiratory_stay(view: View) -> Answer:
    """Leg respiratoryStay."""
    here = visits(view)
    classes = {"stay", "emergency"} if choice("c1_count_emergency") else {"stay"}
    stays = [(s, state) for s, state in here if s.kind in classes]
    if any(s.reasons & REASONS and state == MET for s, state in stays):
        return YES
    if any(s.reasons & REASONS for s, _ in stays):
        return unsure("imprecise-date")
    unclear = stays or any(s.kind == "unknown" for s, _ in here)
    if was_read(view, "E-ENC") and not unclear and any(state == MET for _, state in here):
        return NO
    return unsure(ANY) if here else absent(view, "E-ENC")


def oxygen_support(view: View) -> Answer:
    """Leg oxygenSupport."""
    evidence, doubts = oxygen_evidence(view, "c1_oxygen_days")
    if evidence or dependent(view):
        return YES
    if doubts:
        return unsure(*doubts)
    if not was_read(view, "E-O2"):
        return absent(view, "E-O2")
    said = [within(s, view.at, "c1_oxygen_days") for s in air_statements(view)]
    return NO if MET in said else unsure("imprecise-date" if UNKNOWN in said else "no-data")


def dependent(view: View) -> bool:
    """Condition o2-dependence recorded in W."""
    mine = [d for d in view.facts.diagnoses if _lasts(view, d) and view.known(d.recorded)]
    return any(within(view.time(d.recorded), view.at, "c1_window_days") == MET for d in mine)


def _lasts(view: View, d: Diagnosis) -> bool:
    """Counted; at an earlier moment also what had not yet abated."""
    until_later = d.abated is not None and not view.known(d.abated)
    return counted_as(replace(d, clinical="active") if until_later else d, "o2-dependence")


def oxygen_evidence(view: View, name: str) -> tuple[bool, set[str]]:
    """Whether oxygen was used in the window, and why it is open otherwise."""
    doubts: set[str] = set()
    for m in rows(view, "fio2", "o2-flow"):
        answer = proves(m, ">", number("room_air_fio2") if m.concept == "fio2" else Fraction(0))
        state = within(view.time(m.when), view.at, name)
        if state == MET and answer.met:
            return True, set()
        doubts |= set(answer.why) if state == MET else set()
        doubts |= {"imprecise-date", *answer.why} if state == UNKNOWN and answer.status != NOT_MET else set()
    states = [overlaps(view, s.start, ended(s), name) for s in view.facts.supports if s.concept in OXYGEN]
    return MET in states, doubts | ({"imprecise-date"} if UNKNOWN in states else set())


def ended(s: Support) -> When | None:
    """The end of a support: open while running, else its end or its start."""
    return None if s.running else (s.end or s.start)


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
    nearest = min(
        near,
        key=lambda s: (0 if _during(view, s, when) else distance(view.time(s.start), when), -view.time(s.start).lo),
    )
    return nearest.concept in ESTIMATING


def _during(view: View, s: object, when: Span) -> bool:
    start = view.time(s.start)  # type: ignore[attr-defined]
    end = view.at.hi if s.running else view.time(s.end).hi if s.end is not None else start.hi  # type: ignore[attr-defined]
    return start.lo <= when.hi and when.lo <= end


def air_statements(view: View) -> Iterator[Span]:
    """Explicit room air: said, FiO2 0.21, flow 0, or a saturation on room air."""
    air = number("room_air_fio2")
    for m in rows(view, "fio2", "o2-flow", "spo2"):
        zero = m.value is not None and not m.comparator and Fraction(m.value) <= (air if m.concept == "fio2" else 0)
        zero = zero and (m.concept != "fio2" or not estimated(view, m))
        if (m.concept != "spo2" and zero) or (m.concept == "spo2" and m.variant == "room-air"):
            yield view.time(m.when)
    said = [s for s in view.facts.supports if s.concept == "room-air" and view.known(s.start)]
    yield from (view.time(s.start) for s in said)


def dyspnoea_needing_care(view: View) -> Answer:
    """C1."""
    return all_of([dyspnoea_shown(view), any_of([respiratory_stay(view), oxygen_support(view)])])
