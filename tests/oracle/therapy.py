"""Treatment facts of step 1: active drugs, chains, combination regimen, T0, induction dose (decisions section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from rpild_rules.facts import Treatment
from tests.oracle.answers import MET, NOT_MET
from tests.oracle.chart import View
from tests.oracle.settings import number, window
from tests.oracle.times import DAY, Span, instant, older, span, within

MEMBERS = {
    "gc": "prednisone prednisolone methylprednisolone dexamethasone hydrocortisone",
    "cni": "tacrolimus cyclosporine",
    "cyc": "cyclophosphamide",
    "rtx": "rituximab",
    "mmf": "mycophenolate-mofetil mycophenolic-acid",
    "jaki": "tofacitinib baricitinib upadacitinib ruxolitinib",
    "ivig": "ivig",
    "tcz": "tocilizumab",
    "plex": "plasma-exchange",
    "pmx": "polymyxin-hemoperfusion",
    "mtx": "methotrexate",
    "lef": "leflunomide",
    "aza": "azathioprine",
    "tnfi": "adalimumab etanercept infliximab certolizumab golimumab",
}
CLASSES = {name: drug for drug, names in MEMBERS.items() for name in names.split()}
AVOID = {"mtx", "lef", "aza", "tnfi"}
SUPPRESSING = AVOID | {"cni", "cyc", "rtx", "mmf", "jaki", "tcz"}
SECOND = ("cni", "cyc", "rtx", "mmf", "jaki")
OPEN = 2**62


@dataclass(frozen=True)
class Use:
    """Active from its start `first` to `hi` (microseconds); `active` = it counts now."""

    drug: str
    first: Span
    hi: int
    active: bool
    record: Treatment


def uses(view: View) -> list[Use]:
    """Every stretch of active use, by class."""
    found = []
    for t in view.facts.treatments:
        drugs = sorted({CLASSES[i] for i in t.ingredients if i in CLASSES})
        stretch = None if t.route in ("nonsystemic", "intrathecal") or t.start is None or t.do_not_perform else _stretch
        found += [use for drug in drugs if stretch and (use := stretch(view, t, drug)) is not None]
    return found


def _stretch(view: View, t: Treatment, drug: str) -> Use | None:
    """The three kinds of *active*."""
    if t.kind in ("request", "statement") and (t.reported or t.intent in ("plan", "proposal")):
        return None
    begin = view.time(t.start)
    if t.status == "active" and t.kind in ("request", "statement"):
        recent = t.kind == "statement" or within(begin, view.now, "active_request_days") != NOT_MET
        end = view.time(t.end).hi if t.end is not None and not _ahead(view, t) else OPEN
        expiry = begin.hi + window("active_request_days")[0] if t.kind == "request" else OPEN
        return Use(drug, begin, min(end, expiry), recent and end == OPEN, t)
    given = (t.kind == "request" and t.status == "completed") or (
        t.kind == "procedure" and t.status in ("completed", "in-progress")
    )
    given = given or (t.kind == "administration" and t.status in ("completed", "in-progress"))
    return _dose(view, t, drug, begin) if given else None


def _ahead(view: View, t: Treatment) -> bool:
    """Whether the end of the period is not passed."""
    return span(t.end).hi >= view.now.hi  # type: ignore[arg-type]


def _dose(view: View, t: Treatment, drug: str, begin: Span) -> Use:
    last = view.time(t.end) if t.end is not None else begin
    return Use(drug, begin, last.hi, within(last, view.now, f"active_days_{drug}") == MET, t)


@dataclass(frozen=True)
class Chain:
    """Unbroken use of one class up to now."""

    start: Span
    edge: bool


def chain(view: View, drug: str, stretches: list[Use]) -> Chain | None:
    """Stretches of one class chain backwards while the gap is at most the class window."""
    mine = [u for u in stretches if u.drug == drug]
    linked = [u for u in mine if u.active]
    if not linked:
        return None
    grown = True
    while grown:
        more = [u for u in mine if u not in linked and any(_linked(view, u, v) for v in linked)]
        linked, grown = linked + more, bool(more)
    start = min((u.first for u in linked), key=lambda s: (s.lo, s.hi))
    return Chain(start, older(start, view.now, "active_request_days") != NOT_MET or start.lo <= view.now.hi - 190 * DAY)


def _linked(view: View, early: Use, late: Use) -> bool:
    if early.first.lo > late.first.lo and early.hi > late.hi:
        return early.first.lo <= late.hi
    if early.hi >= late.first.lo:
        return True
    end = instant(early.hi, view.facts.zone) if early.first.sharp or early.hi != early.first.hi else early.first
    return within(end, late.first, f"active_days_{early.drug}") == MET


@dataclass(frozen=True)
class Therapy:
    """Step 1 of the order of evaluation."""

    combination: bool
    t0: Span | None
    edge: bool
    induction: bool
    cni: bool


def therapy(view: View) -> Therapy:
    """combinationRegimen, T0, inductionGC."""
    everything = uses(view)
    counted = [u for u in everything if not _set_aside(view, u)]
    cni = any(u.active for u in everything if u.drug == "cni")
    steroid = chain(view, "gc", counted)
    seconds = [c for drug in SECOND if (c := chain(view, drug, counted)) is not None]
    if steroid is None or not seconds:
        return Therapy(False, None, False, False, cni)
    second = min(seconds, key=lambda c: (not c.edge, c.start.lo))
    top = max((steroid, second), key=lambda c: (not c.edge, c.start.lo, c.start.hi))
    return Therapy(True, top.start, top.edge, _induction(view, counted, top), cni)


def _set_aside(view: View, use: Use) -> bool:
    """Hydrocortisone; and dexamethasone not proven above a low dose, baricitinib, tocilizumab given for COVID-19."""
    names = use.record.ingredients
    if "hydrocortisone" in names and use.drug == "gc":
        return True
    low = use.record.mg_per_day is None or use.record.mg_per_day <= number("covid_dex_mg")
    suspect = ("dexamethasone" in names and low) or bool({"baricitinib", "tocilizumab"} & names)
    return suspect and any(within(day, use.first, "covid_days") == MET for day in covid_days(view))


def covid_days(view: View) -> list[Span]:
    """Dates of covid-19 Conditions and positive SARS-CoV-2 tests; one that has resolved was there all the same.

    What may have been given for COVID-19 is no proven combination (K11), and an unproven one silences nothing.
    """
    ill = [d for d in view.facts.diagnoses if "covid-19" in d.concepts and d.verification in ("", "confirmed")]
    tests = [r for r in view.facts.results if r.concept == "sars-cov-2-rna" and r.valid and r.meaning == "positive"]
    return [
        view.time(w)
        for w in (*(w for d in ill for w in (d.onset, d.recorded)), *(r.when for r in tests))
        if w is not None
    ]


def prednisone(t: Treatment) -> Fraction | None:
    """Daily dose in mg prednisone (LIT-16); None if unreadable."""
    names = [i for i in t.ingredients if CLASSES.get(i) == "gc"]
    if t.mg_per_day is None or not names:
        return None
    return Fraction(t.mg_per_day) * number("prednisone_base_mg") / number(f"prednisone_equal_mg_{names[0]}")


def pulse(t: Treatment) -> bool:
    """A methylprednisolone pulse."""
    return "methylprednisolone" in t.ingredients and t.mg_per_day is not None and t.mg_per_day >= number("pulse_mg")


def _induction(view: View, counted: list[Use], top: Chain) -> bool:
    """inductionGC: highest daily dose since T0 - 7 d."""
    size, _ = window("induction_before_days")
    since = -OPEN if top.edge else top.start.lo - size
    doses = [u.record for u in counted if u.drug == "gc" and u.hi >= since]
    return any(pulse(t) or (mg := prednisone(t)) is None or mg >= number("induction_pred_mg") for t in doses)


def suppressed_between(view: View, a: Span, b: Span) -> bool:
    """IS proven active at some time between two results (section 3, MDA5 state)."""
    low, high = min(a.lo, b.lo), max(a.hi, b.hi)
    return any(u.first.lo <= high and _active_until(u) >= low for u in uses(view) if _suppressing(u))


def _active_until(u: Use) -> int:
    size, _ = window(f"active_days_{u.drug}")
    return u.hi if u.record.status == "active" else u.hi + size


def _suppressing(u: Use) -> bool:
    if u.drug != "gc":
        return u.drug in SUPPRESSING
    mg = prednisone(u.record)
    long = u.record.days is None or u.record.days > number("pjp_days")
    return long and (pulse(u.record) or (mg is not None and mg > number("pjp_pred_mg")))
