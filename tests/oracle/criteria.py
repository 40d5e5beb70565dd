"""C1 to C4 with their legs, the definitions, and the look back over an episode (decisions sections 4, 5 and 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.oracle.answers import MET, Answer, all_of, any_of
from tests.oracle.care import REASONS, SHOWN_BY, dyspnoea_needing_care, dyspnoea_shown
from tests.oracle.chart import View, attested, rows
from tests.oracle.ct import compared_until, ct_worsening, ct_worsening_92, hrct_increase
from tests.oracle.gas import gas_exchange, pao2_decline, respiratory_failure
from tests.oracle.lungs import dlco_decline, fvc_decline, lung_function_decline
from tests.oracle.onset import Onset
from tests.oracle.times import Span, instant, within

FOUR = ("dyspnoeaNeedingCare", "lungFunctionDecline", "hrctIncrease", "gasExchange")


def criteria(view: View) -> dict[str, Answer]:
    """All but ON."""
    return {
        "dyspnoeaNeedingCare": dyspnoea_needing_care(view),
        "fvcDecline": fvc_decline(view),
        "dlcoDecline": dlco_decline(view),
        "lungFunctionDecline": lung_function_decline(view),
        "hrctIncrease": hrct_increase(view),
        "respiratoryFailure": respiratory_failure(view),
        "pao2Decline": pao2_decline(view),
        "gasExchange": gas_exchange(view),
    }


def four_conditions(on: Answer, c: dict[str, Answer]) -> Answer:
    """DEF-2: ON AND (C1 OR C2 OR C3 OR C4)."""
    return all_of([on, any_of(c[name] for name in FOUR)])


def definitions(view: View, on: Answer, first: Answer, c: dict[str, Answer]) -> dict[str, Answer]:
    """DEF-2, DEF-1, DEF-3."""
    shown = dyspnoea_shown(view)
    return {
        "fourConditions": four_conditions(on, c),
        "oneMonthTriad": all_of([first, ct_worsening(view), shown, c["respiratoryFailure"]]),
        "threeMonthProgression": all_of([shown, ct_worsening_92(view)]),
    }


def latched_on(view: View, onset: Onset) -> Span | None:
    """rpLatched: the newest moment of this episode at which a condition was met.

    A day counts in days, today too: what was met this morning is met this evening (the invariants of section 16).
    """
    if onset.when is None:
        return None
    candidates = sorted({_moved(view, when, onset.when) for when in _times(view)}, reverse=True)
    for moment, dated in candidates:
        u = replace(instant(moment, view.facts.zone), sharp=not dated)
        fits = within(onset.when, u, "one_month_days") == MET and within(u, view.now, "episode_days") == MET
        if fits and moment <= view.now.hi and any_condition(replace(view, at=u, back=True)):
            return u
    return None


def any_condition(view: View) -> bool:
    """At least one of C1-C4 met."""
    checks = (dyspnoea_needing_care, lung_function_decline, hrct_increase, gas_exchange)
    return any(check(view).met for check in checks)


def _moved(view: View, when: Span, onset: Span) -> tuple[int, bool]:
    """Moved up to the onset: a day's first instant, a longer interval's end; and whether K3 counts in days."""
    start = onset.hi if not onset.sharp and onset.first != onset.last else onset.lo
    return (when.hi, not when.sharp) if when.hi >= start else (start, False)


def _times(view: View) -> Iterator[Span]:
    """The candidates of section 7, Evaluation at u; a day stands at its end, cut at T."""
    facts = view.facts
    measured = rows(
        view,
        "pao2",
        "pf-ratio",
        "fvc",
        "fvc-pct-pred",
        "dlco",
        "dlco-hb-adj",
        "fio2",
        "o2-flow",
        "paco2",
        "ph-arterial",
        "aa-gradient",
    )
    measured += [m for m in rows(view, "spo2") if m.variant == "room-air"]  # a word of room air is a fact of oxygen
    given = [m.when for m in measured] + [s.start for s in facts.supports]
    given += [s.start for s in facts.stays if s.reasons & REASONS]
    ill = [d for d in facts.diagnoses if d.concepts & {*SHOWN_BY, "o2-dependence"}]
    given += [w for d in ill for w in (d.onset, d.recorded)]
    given += [a.made for a in facts.attestations if a.code == "progressive-dyspnoea"]
    yield from (view.time(when) for when in given if when is not None)
    figure = attested(view, "hrct-increase-percent", always=True)
    if figure is not None:
        yield compared_until(view, figure)
