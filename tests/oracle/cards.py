"""Stage and cards: which topics each hook would send before the cap (decisions sections 8 to 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rpild_rules.facts import Treatment
from tests.oracle.answers import MET, NOT_MET, UNKNOWN, Answer, of
from tests.oracle.antibodies import MDA5, MYOSITIS, vague_counts
from tests.oracle.chart import View, was_read
from tests.oracle.criteria import FOUR
from tests.oracle.gate import first_record
from tests.oracle.predicates import care_limited, low_saturation, referral_sent
from tests.oracle.therapy import CLASSES, uses
from tests.oracle.times import Span, older, within
from tests.oracle.workup import Case, missing, never_done

PRIMARIES = (
    "refractoryOptions", "combinationTherapy", "antibodyPending", "otherMyositisAntibody", "aipPathway",
    "threeMonthProgression",
    "undeterminedHighRisk", "mda5Surveillance", "workup",
)  # fmt: skip
INFO = ("mda5Surveillance", "workup")
ABSORBS = ("combinationTherapy", "antibodyPending", "otherMyositisAntibody")
AVOIDED = {
    "methotrexate",
    "leflunomide",
    "azathioprine",
    "adalimumab",
    "etanercept",
    "infliximab",
    "certolizumab",
    "golimumab",
}
EXEMPT = {"malignancy", "malignancy-history", "malignancy-high-risk", "ectopic-pregnancy", "pregnancy"}
SIGNED = "avoidForInduction"


@dataclass(frozen=True)
class Facts:
    """Everything that stages and cards read."""

    case: Case
    on: Answer
    onset: Span | None
    criteria: dict[str, Answer]
    definitions: dict[str, Answer]
    flags: dict[str, Answer]
    severe: str
    rescue: str
    lung_signal: bool
    aip: bool
    weak_gate: bool
    turned: Callable[[str | None, Answer], tuple[object, ...]]

    @property
    def rp(self) -> str:
        return self.definitions["fourConditions"].status

    @property
    def def3(self) -> str:
        return self.definitions["threeMonthProgression"].status


def stage_of(f: Facts) -> str:
    """Section 8, first match."""
    c, e = f.case, f.case.episode
    near = c.context in ("confirmed", "suspected")
    table = (
        ("rescue", ecmo_runs(c.view) or (f.severe and (e.met or near)) or f.rescue),
        ("refractory", e.refractory),
        ("maintenance", e.improving and (e.treated_now or c.drugs.cni) and not e.signs),
        ("response", e.met and e.treated_now),
        ("firstLine", c.context == "confirmed" and e.met),
        ("antibodyPending", c.context == "suspected" and (e.met or c.state.name == "pending")),
        ("surveillance", c.context == "confirmed"),
        ("suspected", c.context == "suspected"),
        ("otherMsa", c.context == "otherMsa"),
        ("aip", e.met and f.criteria["respiratoryFailure"].met and f.aip),
        ("ruleOuts", True),
    )
    return next(name for name, holds in table if holds)


def ecmo_runs(view: View) -> bool:
    """`ecmo` running."""
    return any(s.concept == "ecmo" and s.running for s in view.facts.supports)


def is_open(f: Facts) -> bool:
    """rpEpisode <> met, or stage maintenance with RP <> met."""
    return not f.case.episode.met or (f.case.stage == "maintenance" and f.rp != MET)


def undetermined(f: Facts) -> bool:
    """undeterminedHighRisk, arms 1 to 3."""
    c = f.case
    near, any_met = c.context in ("confirmed", "suspected"), any(f.criteria[n].met for n in FOUR)
    arm1 = near and f.def3 != MET and f.rp == UNKNOWN and c.high_risk
    arm2 = (
        near
        and f.rp == NOT_MET
        and f.def3 == UNKNOWN
        and c.high_risk
        and _in_three_months(f)
        and any_met
        and not c.episode.improving
    )
    hard = any(f.criteria[n].met for n in FOUR[1:]) or low_saturation(c.view)
    arm3 = c.context in ("otherMsa", "noCtd") and f.rp == UNKNOWN and hard
    return is_open(f) and not c.explained and not three_months(f) and (arm1 or arm2 or arm3)


def _in_three_months(f: Facts) -> bool:
    return f.onset is not None and within(f.onset, f.case.view.now, "three_months_days") == MET


def three_months(f: Facts) -> bool:
    """threeMonthProgression."""
    return f.case.context != "noCtd" and f.def3 == MET and is_open(f)


def pending_card(f: Facts) -> bool:
    """antibodyPending."""
    c = f.case
    unsent = c.state.name == "none" and not c.state.unread
    return c.context == "suspected" and c.episode.met and (not c.episode.treated or unsent) and not c.explained


def surveillance_card(f: Facts) -> bool:
    """mda5Surveillance."""
    c = f.case
    due = c.stage == "surveillance" and not c.episode.met and f.def3 != MET and not undetermined(f)
    return due and (c.early or c.high_risk) and bool(missing(c) & {"hrct", "lung-function", "ferritin"})


def workup_card(f: Facts) -> bool:
    """workup, other primaries aside."""
    c = f.case
    if c.context == "confirmed":
        return False
    items = missing(c)
    first = first_record(c.view, {*MYOSITIS, "myositis-nos"} if vague_counts(c.view) else {*MYOSITIS})
    fresh = first is not None and within(first, c.view.now, "early_days") == MET
    unmeasured = not any(r.concept in MDA5 and (r.valid or r.pending) for r in c.view.facts.results) and was_read(
        c.view, "E-MSA"
    )
    basics = items & {"myositis-panel", "ferritin"}
    basics |= items & {"hrct"} if never_done(c.view, "ct-chest") else set()
    basics |= items & {"lung-function"} if never_done(c.view, "fvc", "fvc-pct-pred", "dlco", "dlco-hb-adj") else set()
    return bool(items) if f.lung_signal else fresh and unmeasured and bool(basics)


def primary_of(f: Facts) -> str:
    """Section 10.1: the first that is true."""
    c, e = f.case, f.case.episode
    untreated = e.met and not e.treated
    table = {
        "refractoryOptions": e.refractory or bool(e.signs),
        "combinationTherapy": c.context == "confirmed" and untreated,
        "antibodyPending": pending_card(f),
        "otherMyositisAntibody": c.context == "otherMsa" and untreated,
        "aipPathway": c.context == "noCtd" and untreated,
        "threeMonthProgression": three_months(f),
        "undeterminedHighRisk": undetermined(f),
        "mda5Surveillance": surveillance_card(f),
    }
    found = next((name for name, holds in table.items() if holds), "")
    return found or ("workup" if workup_card(f) else "")


def ecmo_card(f: Facts) -> bool:
    """ecmoTransplant (a) to (d)."""
    c = f.case
    due = c.stage == "rescue" and not care_limited(c.view) and not ecmo_runs(c.view)
    return due and bool(f.severe or f.rescue)


def transplant_card(f: Facts, primary: str) -> bool:
    """transplantReferral, absorption aside."""
    c = f.case
    place = c.stage in ("firstLine", "response", "refractory", "rescue") or primary in (
        "antibodyPending",
        "otherMyositisAntibody",
    )
    free = not care_limited(c.view) and not referral_sent(c.view)
    return c.context != "noCtd" and c.episode.met and place and free


def quality_card(f: Facts, primary: str) -> bool:
    """dataQuality: an unreadable item that would change a definition, highRisk or a flag."""
    hard = {"unit", "comparator", "conflict"}
    reasons = hard | ({"imprecise-date"} if primary != "undeterminedHighRisk" else set())
    if any(a.why & reasons for a in f.flags.values()):
        return True
    items = {"onsetWithinOneMonth": f.on, **f.criteria}
    return any(_matters(f, name) for name, a in items.items() if a.why & reasons)


def _matters(f: Facts, name: str) -> bool:
    return any(f.turned(name, of(truth)) != f.turned(None, of(truth)) for truth in (True, False))


def avoid_card(f: Facts) -> bool:
    """S1 avoidForInduction."""
    c = f.case
    due = c.episode.met or (f.rp == UNKNOWN and c.high_risk)
    return (
        c.context in ("confirmed", "suspected") and due and any(_avoided(f, d) for d in c.view.facts.drafted_treatments)
    )


def _avoided(f: Facts, d: Treatment) -> bool:
    if (
        not d.ingredients & AVOIDED
        or d.route in ("nonsystemic", "intrathecal")
        or d.reasons & EXEMPT
        or d.do_not_perform
    ):
        return False
    return f.case.episode.met or not renewal(f.case.view, d)


def renewal(view: View, d: Treatment) -> bool:
    """Section 12: the same ingredient active for more than 30 days with no change of dose or route."""
    same = [
        u
        for u in uses(view)
        if u.active and u.record.ingredients & d.ingredients and u.drug in map(CLASSES.get, d.ingredients)
    ]
    alike = [u for u in same if (u.record.mg_per_day, u.record.route) == (d.mg_per_day, d.route)]
    return any(older(u.first, view.now, "renewal_days") == MET for u in alike)


def sent(f: Facts) -> dict[str, list[str]]:
    """Topics per hook, in the order of section 10.3."""
    primary = primary_of(f)
    wide = [primary] if primary and primary not in INFO else []
    narrow = [primary] if primary in INFO else []
    urgent = ["ecmoTransplant"] if ecmo_card(f) else []
    referral = transplant_card(f, primary) and primary not in ABSORBS and not urgent
    signing = [SIGNED] if avoid_card(f) else []
    tail = ["transplantReferral"] if referral else []
    quality = ["dataQuality"] if quality_card(f, primary) else []
    on_sign = narrow if primary == "workup" and f.case.explained else []
    return {
        "patient-view": urgent + wide + tail + narrow + quality,
        "order-sign": urgent + wide + signing + tail + on_sign if in_scope(f.case.view) else [],
        "order-select": signing,
    }


def in_scope(view: View) -> bool:
    """Section 11, order-sign, for the drafts that the generator makes."""
    drugs = any(d.ingredients & set(CLASSES) and not d.do_not_perform for d in view.facts.drafted_treatments)
    return drugs or any(o.items and not o.do_not_perform for o in view.facts.drafted_orders)
