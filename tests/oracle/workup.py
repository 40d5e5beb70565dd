"""Which items of the work-up are missing (decisions section 13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.answers import MET, NOT_MET
from tests.oracle.antibodies import MDA5, SKIN, State, final
from tests.oracle.chart import View, acute, gas_window, has, rows, taken, was_read
from tests.oracle.episode import Episode
from tests.oracle.gas import gas_exchange, inspired
from tests.oracle.gate import first_record
from tests.oracle.predicates import ILD, care_limited, gas_blind, referral_sent, running_now
from tests.oracle.therapy import Therapy, uses
from tests.oracle.times import Span, apart, within


@dataclass(frozen=True)
class Case:
    """All that the catalogue asks about."""

    view: View
    state: State
    context: str
    stage: str
    rp: str
    episode: Episode
    drugs: Therapy
    high_risk: bool
    explained: bool
    quiet: bool
    ferritin828: bool
    onset_only: bool
    blind: bool
    three_months: bool

    @property
    def established(self) -> bool:
        return self.episode.met

    @property
    def early(self) -> bool:
        """First positive MDA5 or first ILD record at most early_days old."""
        positives = [
            self.view.time(r.when)
            for r in final(self.view.facts, *MDA5)
            if r.meaning in ("positive", "weak") and r.when
        ]
        firsts = [min(positives, default=None), first_record(self.view, ILD)]
        return any(f is not None and within(f, self.view.now, "early_days") == MET for f in firsts)


def gas_asked(c: Case) -> bool:
    return c.established or c.rp == "unknown" or c.blind


def lung_function_asked(c: Case) -> bool:
    return c.stage != "rescue" and not running_now(c.view, "invasive-ventilation", "niv", "hfnc")


def germs_asked(c: Case) -> bool:
    return c.established or (c.rp == "unknown" and c.high_risk) or c.explained or c.stage == "ruleOuts"


def screens_asked(c: Case) -> bool:
    return c.stage == "firstLine" or (c.stage == "antibodyPending" and c.established)


def cmv_asked(c: Case) -> bool:
    on = any(u.active for u in uses(c.view) if u.drug in ("cyc", "jaki"))
    return c.stage in ("firstLine", "response", "refractory") and on


def rituximab_asked(c: Case) -> bool:
    return any(u.active for u in uses(c.view) if u.drug == "rtx")


def consult_asked(c: Case) -> bool:
    return c.established or c.onset_only or c.three_months


def antibody_asked(c: Case) -> bool:
    """Once positive never; pending no; indeterminate unless ordered; negative after 90 days with a sign."""
    if c.context not in ("suspected", "noCtd", "otherMsa") or c.state.name in ("positive", "pending"):
        return False
    if c.state.name != "negative":
        return True
    newest = c.view.time(final(c.view.facts, *MDA5)[0].when)
    return apart(newest, c.view.now, "mda5_repeat_days") == MET and (c.ferritin828 or has(c.view.facts, *SKIN))


def lavage_asked(c: Case) -> bool:
    return c.stage in ("ruleOuts", "aip", "refractory")


def rescue_stage(c: Case) -> bool:
    """The trigger of ecmoTransplant, which suggests it."""
    running = any(s.concept == "ecmo" and s.running for s in c.view.facts.supports)
    return c.stage == "rescue" and not care_limited(c.view) and not running


def referral_asked(c: Case) -> bool:
    return (
        ((c.established and c.context != "noCtd") or c.stage == "rescue")
        and not care_limited(c.view)
        and not referral_sent(c.view)
    )


def always(c: Case) -> bool:
    return True


def lung_window(c: Case) -> str:
    return "window_pft_quiet" if c.quiet else "window_pft"


def ct_window(c: Case) -> str:
    if c.stage == "surveillance":
        return "window_hrct_surveillance" if c.early else "window_hrct_late"
    return "window_hrct_quiet" if c.quiet else "window_hrct"


def blood_window(c: Case) -> str:
    if c.stage == "surveillance" and (c.early or not c.quiet):
        return "window_labs_surveillance"
    if c.quiet:
        return "window_labs_quiet"
    return "lab_window_acute_hours" if acute(c.view) else "lab_window_days"


def breath_window(c: Case) -> str:
    return gas_window(c.view)


def fixed(name: str) -> Callable[[Case], str]:
    """A window that depends on nothing."""
    return lambda _: name


Row = tuple[str, str, tuple[str, ...], Callable[[Case], bool], Callable[[Case], str]]
ITEMS: tuple[Row, ...] = (
    ("arterial-gas", "E-GAS", ("pao2",), gas_asked, breath_window),
    ("lung-function", "E-PFT", ("fvc", "fvc-pct-pred", "dlco", "dlco-hb-adj"), lung_function_asked, lung_window),
    ("hrct", "E-CT", ("ct-chest",), always, ct_window),
    ("ferritin", "E-FERR", ("ferritin",), always, blood_window),
    ("ldh", "E-INFL", ("ldh",), always, blood_window),
    ("crp", "E-INFL", ("crp",), always, blood_window),
    ("cbc", "E-CBC", ("lymphocytes-abs", "neutrophils-abs", "platelets", "hemoglobin", "wbc"), always, blood_window),
    ("ck", "E-CHEM", ("ck",), always, blood_window),
    ("alt", "E-CHEM", ("alt",), always, blood_window),
    ("ast", "E-CHEM", ("ast",), always, blood_window),
    ("creatinine", "E-CHEM", ("creatinine",), always, blood_window),
    ("myositis-panel", "E-MSA", (), antibody_asked, fixed("screen_days")),
    ("blood-culture", "E-MICRO", ("blood-culture",), germs_asked, fixed("window_culture")),
    ("respiratory-culture", "E-MICRO", ("respiratory-culture",), germs_asked, fixed("window_culture")),
    ("viral-pcr", "E-MICRO", ("respiratory-viral-panel", "sars-cov-2-rna", "influenza-a-rna", "influenza-b-rna"),
    germs_asked, fixed("window_culture")),
    ("pjp-test", "E-MICRO", ("pjp-dna", "pjp-stain-ag"), germs_asked, fixed("window_culture")),
    ("hbsag", "E-SCREEN", ("hbsag",), screens_asked, fixed("screen_days")),
    ("anti-hbc", "E-SCREEN", ("anti-hbc",), screens_asked, fixed("screen_days")),
    ("hcv", "E-SCREEN", ("hcv-ab", "hcv-rna"), screens_asked, fixed("screen_days")),
    ("hiv", "E-SCREEN", ("hiv-ag-ab",), screens_asked, fixed("screen_days")),
    ("igra", "E-SCREEN", ("igra",), screens_asked, fixed("screen_days")),
    ("igg", "E-SCREEN", ("igg",), rituximab_asked, fixed("igg_days")),
    ("cmv-pcr", "E-MICRO", ("cmv-dna",), cmv_asked, fixed("window_cmv")),
    ("bal", "E-PROC", (), lavage_asked, fixed("window_bal")),
    ("transplant-referral", "E-ORD", (), referral_asked, fixed("referral_days")),
    ("ecmo-consult", "E-ORD", (), rescue_stage, fixed("window_ecmo_consult_hours")),
    ("rheumatology-consult", "E-ORD", (), consult_asked, fixed("window_consult")),
    ("pulmonology-consult", "E-ORD", (), consult_asked, fixed("window_consult")),
)  # fmt: skip


def missing(c: Case) -> set[str]:
    """Items asked for, readable, without a result in the window and not ordered."""
    asked = [row for row in ITEMS if row[3](c) and (row[1] == "E-ORD" or was_read(c.view, row[1]))]
    return {
        name
        for name, _, concepts, _, window in asked
        if not had(c.view, name, concepts, window(c)) and not ordered(c.view, name, window(c))
    }


def had(view: View, name: str, concepts: tuple[str, ...], window: str) -> bool:
    """Whether the item has its result."""
    return complete(view, name, window) if name in ("lung-function", "arterial-gas") else done(view, concepts, window)


def done(view: View, concepts: tuple[str, ...], window: str) -> bool:
    """A valid result lies in its window."""
    given = [m.when for m in taken(view, *concepts)] + [
        r.when for r in view.facts.results if r.valid and r.concept in concepts
    ]
    given += [s.when for s in view.facts.scans if s.concept in concepts]
    return any(within(view.time(w), view.now, window) == MET for w in given if w is not None)


def complete(view: View, name: str, window: str) -> bool:
    """Two items are whole only with both parts: spirometry with DLCO, a gas with its FiO2."""
    if name == "lung-function":
        return done(view, ("fvc", "fvc-pct-pred"), window) and done(view, ("dlco", "dlco-hb-adj"), window)
    if gas_blind(view) or "conflict" in gas_exchange(view).why:
        return False  # blind, or results that contradict each other: a further gas settles it
    inside = [m for m in rows(view, "pao2") if within(view.time(m.when), view.now, window) == MET]
    return any(
        len(airs) == 1 and airs[0].kind != "none" for airs in (inspired(view, m) for m in inside if m.value is not None)
    )


def never_done(view: View, *concepts: str) -> bool:
    """None in the whole look-back."""
    return not done(view, concepts, "never_done_days")


def ordered(view: View, item: str, window: str) -> bool:
    """Active, on hold, drafted, or completed at most 24 h ago without result; a consult: completed in its window."""
    if any(item in o.items for o in view.facts.drafted_orders):
        return True
    mine = [o for o in view.facts.orders if item in o.items and not o.do_not_perform]
    grace = window if item.endswith("-consult") else "ordered_grace_hours"
    return any(_stands(view, o.status, o.authored, grace) for o in mine)


def _stands(view: View, status: str, authored: object, grace: str) -> bool:
    if status in ("active", "on-hold"):
        return True
    when: Span | None = view.time(authored) if authored is not None else None
    return status == "completed" and when is not None and within(when, view.now, grace) != NOT_MET
