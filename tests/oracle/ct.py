"""C3 and the attested CT pictures: hrctIncrease, ctWorsening, ctWorsening92 (decisions sections 4 and 5)."""

from __future__ import annotations

from fractions import Fraction

from rpild_rules.facts import Attestation, Scan
from tests.oracle.answers import MET, NO, NOT_MET, UNKNOWN, YES, Answer, any_of, of, unsure
from tests.oracle.chart import View, absent, attested
from tests.oracle.settings import number
from tests.oracle.times import Span, close, later, within


def study_dates(view: View, a: Attestation) -> tuple[Span, Span] | None:
    """The dates of the two compared CTs: the effectivePeriod, else the named studies; None if not readable."""
    if a.start is not None and a.end is not None:
        return view.time(a.start), view.time(a.end)
    found = [view.time(s.when) for s in view.facts.scans if s.reference in a.studies and s.when is not None]
    found.sort(key=lambda s: (s.hi, s.lo))
    return (found[0], found[-1]) if len(found) > 1 else None


def compared_until(view: View, a: Attestation) -> Span:
    """The later compared study, or the attestation itself if studies are not named."""
    if a.end is not None:
        return view.time(a.end)
    found = [view.time(s.when) for s in view.facts.scans if s.reference in a.studies and s.when is not None]
    return max(found, key=lambda s: (s.hi, s.lo)) if found and len(found) == len(a.studies) else view.time(a.made)


def newer_ct(view: View, than: Span, film: bool = False, compared: frozenset[str] = frozenset()) -> bool:
    """A chest CT (or film) taken later; the compared studies and reports of known studies are no further CT."""
    kinds = ("ct-chest", "cxr") if film else ("ct-chest",)
    here = {s.reference for s in view.facts.scans if not s.is_report and s.when is not None}
    shots = [
        s
        for s in view.facts.scans
        if s.concept in kinds and view.known(s.when) and not (s.is_report and s.studies & (here | compared))
    ]
    shots = [s for s in shots if s.reference not in compared]
    return any(_newer(view, s, than) for s in shots)


def _newer(view: View, s: Scan, than: Span) -> bool:
    """A report of the same day is taken for that of the compared CT."""
    when = view.time(s.when)
    return later(when, than) and not (s.is_report and when.first <= than.last)


def expired(view: View, a: Attestation, made: Span) -> bool:
    """Older than attestation_days, or overtaken by a newer chest CT."""
    old = view.present and within(made, view.now, "attestation_days") != MET
    return old or newer_ct(view, compared_until(view, a), compared=a.studies)


def hrct_increase(view: View) -> Answer:
    """C3."""
    a = attested(view, "hrct-increase-percent", always=True)
    if a is None or a.value is None or not view.known_ct(compared_until(view, a)):
        return _no_figure(view)
    if expired(view, a, view.time(a.made)):
        return unsure("attestation-expired")
    pair = study_dates(view, a)
    why = _ill_matched(view, pair) if pair else set()
    if why:
        return unsure(*why)
    return of(Fraction(a.value) > number("hrct_increase_pct"))  # type: ignore[arg-type]


def _ill_matched(view: View, pair: tuple[Span, Span]) -> set[str]:
    apart = close(pair[0], pair[1], "hrct_interval_days")
    age = within(pair[1], view.at, "hrct_study_days")
    why = {"no-baseline"} if apart == NOT_MET else set()
    why |= {"imprecise-date"} if UNKNOWN in (apart, age) else set()
    return why | ({"stale"} if age == NOT_MET else set())


def _no_figure(view: View) -> Answer:
    reports = [s for s in view.facts.scans if s.is_report and s.concept == "ct-chest" and view.known(s.when)]
    if any(within(view.time(s.when), view.at, "c1_window_days") == MET for s in reports):
        return unsure("unstructured")
    return absent(view, "E-ATT")


def attested_worsening(view: View) -> Answer:
    """The attested half of ctWorsening, by `issued`."""
    a = attested(view, "ct-worsening", always=True)
    if a is None or not isinstance(a.value, bool):
        return absent(view, "E-ATT")
    if expired(view, a, view.time(a.issued or a.made)):
        return unsure("attestation-expired")
    return of(a.value)


def ct_worsening(view: View) -> Answer:
    """Attested true or C3 met -> met; attested false -> notMet; else unknown."""
    stated, figure = attested_worsening(view), hrct_increase(view)
    if YES in (stated, figure):
        return YES
    return (
        NO
        if stated == NO
        else any_of([Answer(UNKNOWN, stated.why | (figure.why if stated.why == {"no-data"} else frozenset()))])
    )


def worsening_period(view: View) -> tuple[Span, Span] | None:
    """The compared dates behind a met ctWorsening."""
    codes = [("ct-worsening", attested_worsening(view)), ("hrct-increase-percent", hrct_increase(view))]
    pairs = [study_dates(view, a) for code, state in codes if state.met and (a := attested(view, code, always=True))]
    return next((pair for pair in pairs if pair), None)


def ct_worsening_92(view: View) -> Answer:
    """DEF-3's CT leg."""
    state = ct_worsening(view)
    if not state.met:
        return state
    sources = (("ct-worsening", attested_worsening(view)), ("hrct-increase-percent", hrct_increase(view)))
    return any_of(_recent_pair(view, attested(view, code, always=True)) for code, said in sources if said.met)


def _recent_pair(view: View, a: Attestation | None) -> Answer:
    """The compared dates of one attestation against the three months."""
    pair = study_dates(view, a) if a is not None else None
    if pair is None:
        return unsure("imprecise-date")
    length, end = close(pair[0], pair[1], "three_months_days"), within(pair[1], view.at, "three_months_days")
    if length == NOT_MET:
        return NO
    if UNKNOWN in (length, end):
        return unsure("imprecise-date")
    return YES if end == MET else unsure("stale")


def valid_true(view: View, code: str, window: str, film: bool = False) -> bool:
    """Attested true, inside its validity, not overtaken by a newer picture where `film` is set."""
    a = attested(view, code)
    if a is None or a.value is not True or within(view.time(a.made), view.at, window) != MET:
        return False
    return not (film and newer_ct(view, view.time(a.made), film=True))
