"""The work-up catalogue: what is asked for in this situation, and what of it is missing, ordered, done or unread (decisions section 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules import oxygen, results
from rpild_rules.antibodies import tests_of
from rpild_rules.concepts import MDA5, MECHANICAL, SKIN_SIGNS
from rpild_rules.diagnoses import first_ild, having
from rpild_rules.facts import Order, PatientFacts
from rpild_rules.findings import MET, NOT_MET, UNKNOWN
from rpild_rules.oxygen import fraction_of
from rpild_rules.stays import acute
from rpild_rules.therapy import classes_of
from rpild_rules.when import Window, older_than, within

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

BLOOD = ("ferritin", "ldh", "crp", "cbc", "ck", "alt", "ast", "creatinine")
MICROBIOLOGY = ("blood-culture", "respiratory-culture", "viral-pcr", "pjp-test")
SCREEN = ("hbsag", "anti-hbc", "hcv", "hiv", "igra")
CONSULTS = ("rheumatology-consult", "pulmonology-consult")
OFFERED = ("kl6", "il6")
BASELINE = ("lung-function", "hrct", *BLOOD)
WAITING = frozenset({"active", "on-hold"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to ask for: the results that answer it, the element they are read from, and when it is asked."""

    id: str
    element: str
    answered_by: frozenset[str]
    asked: Callable[[Situation], bool]
    window: Callable[[Situation], Window]


@dataclass(frozen=True, slots=True)
class Workup:
    """Item ids by state, in the order of the catalogue; `ordered` with the words that say since when."""

    missing: tuple[str, ...] = ()
    ordered: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()

    def open_items(self, *wanted: str) -> tuple[str, ...]:
        """The missing ones among some items, in the order wanted."""
        return tuple(each for each in wanted if each in self.missing)


def work_up(s: Situation) -> Workup:
    """The state of every item that is asked for here."""
    missing, ordered, unread = [], [], []
    for item in CATALOGUE:
        if not item.asked(s) or _answered(item, s):
            continue
        order = order_of(item.id, s)
        if order:
            ordered.append((item.id, _since(order)))
        elif not s.facts.read(item.element):
            unread.append(item.id)
        else:
            missing.append(item.id)
    return Workup(tuple(missing), tuple(ordered), tuple(unread))


def order_of(item: str, s: Situation) -> Order | None:
    """The order that already asks for it: in these drafts, waiting, or completed less than a day ago."""
    for order in (*s.facts.drafted_orders, *s.facts.orders):
        if item in order.items and not order.do_not_perform and _waits(order, item, s):
            return order
    return None


def _waits(order: Order, item: str, s: Situation) -> bool:
    if order.drafted or order.status in WAITING:
        return True
    grace = s.knowledge.window(ORDER_WINDOWS.get(item, "ordered_grace_hours"))
    return (
        order.status == "completed"
        and order.authored is not None
        and within(order.authored.cut(s.now), s.now, grace) is MET
    )


ORDER_WINDOWS = {
    "rheumatology-consult": "window_consult",
    "pulmonology-consult": "window_consult",
    "transplant-referral": "referral_days",
    "ecmo-consult": "window_ecmo_consult_hours",
}


def _since(order: Order) -> str:
    return "being signed" if order.drafted else order.authored.printed if order.authored else "undated"


def _answered(item: Item, s: Situation) -> bool:
    special = SPECIAL.get(item.id)
    return special(s, item.window(s)) if special else has_result(s.facts, item.answered_by, item.window(s), s)


def has_result(facts: PatientFacts, concepts: frozenset[str], window: Window, s: Situation) -> bool:
    """Whether a valid result of any of the concepts lies in the window, readable or not."""
    times = [m.when for concept in concepts for m in facts.by_concept.get(concept, []) if m.valid]
    times += [r.when for r in facts.results if r.concept in concepts and r.valid]
    times += [d.when for d in facts.done if d.concepts & concepts and d.status in ("completed", "in-progress")]
    return any(when and within(when.cut(s.now), s.now, window) is MET for when in times)


def _gas_done(s: Situation, window: Window) -> bool:
    """A gas counts only with its inspired oxygen."""
    gases = results.readable(results.of(s.facts, "pao2"), s.now)
    recent = [g for g in gases if within(results.time_of(g).cut(s.now), s.now, window) is MET]
    return any(fraction_of(g, s.facts, s.knowledge, s.now).value is not None for g in recent)


def _lung_function_done(s: Situation, window: Window) -> bool:
    volumes, transfer = frozenset({"fvc", "fvc-pct-pred"}), frozenset({"dlco", "dlco-hb-adj"})
    return has_result(s.facts, volumes, window, s) and has_result(s.facts, transfer, window, s)


def _ct_done(s: Situation, window: Window) -> bool:
    scans = [scan.when for scan in s.facts.scans if scan.concept == "ct-chest"]
    return any(when and within(when.cut(s.now), s.now, window) is MET for when in scans)


def _panel_done(s: Situation, window: Window) -> bool:
    return False  # whether a panel is wanted is decided by the antibody state alone


SPECIAL = {
    "arterial-gas": _gas_done,
    "lung-function": _lung_function_done,
    "hrct": _ct_done,
    "myositis-panel": _panel_done,
}


def never_done(item: str, s: Situation) -> bool:
    """No chest CT, or no lung function, in the whole look-back."""
    window = s.knowledge.window("never_done_days")
    return not SPECIAL[item](s, window)


def _acute(s: Situation) -> bool:
    return acute(s.facts, s.now, s.now)


def _gas_window(s: Situation) -> Window:
    return s.knowledge.window("gas_window_acute_hours" if _acute(s) else "gas_window_days")


def early(s: Situation) -> bool:
    """The first positive MDA5 or the first ILD record is not long ago."""
    window = s.knowledge.window("early_days")
    return any(
        when and within(when.cut(s.now), s.now, window) is MET for when in (s.mda5.first_positive, first_ild(s.facts))
    )


def _lab_window(s: Situation) -> Window:
    if s.stage == "surveillance" and (early(s) or not s.quiet):
        return s.knowledge.window("window_labs_surveillance")
    if s.quiet:
        return s.knowledge.window("window_labs_quiet")
    return s.knowledge.window("lab_window_acute_hours" if _acute(s) else "lab_window_days")


def _pft_window(s: Situation) -> Window:
    return s.knowledge.window("window_pft_quiet" if s.quiet else "window_pft")


def _ct_window(s: Situation) -> Window:
    if s.stage == "surveillance":
        return s.knowledge.window("window_hrct_surveillance" if early(s) else "window_hrct_late")
    return s.knowledge.window("window_hrct_quiet" if s.quiet else "window_hrct")


def _named(name: str) -> Callable[[Situation], Window]:
    return lambda s: s.knowledge.window(name)


def _gas_asked(s: Situation) -> bool:
    return s.rp is UNKNOWN or s.episode.met


def _lung_function_asked(s: Situation) -> bool:
    return s.stage != "rescue" and not oxygen.running(s.facts, MECHANICAL, s.now)


def _always(s: Situation) -> bool:
    return True


def _panel_asked(s: Situation) -> bool:
    if not s.in_context("suspected", "noCtd", "otherMsa") or s.mda5.state in ("positive", "pending"):
        return False
    if s.mda5.state == "negative":
        return _negative_is_old(s) and (s.found["ferritin828"].met or bool(having(s.facts, SKIN_SIGNS)))
    return True


def _negative_is_old(s: Situation) -> bool:
    newest = next((r for r in tests_of(s.facts, MDA5) if r.when), None)
    if not newest or not newest.when:
        return True
    return older_than(newest.when, s.now, s.knowledge.window("mda5_repeat_days")) is not NOT_MET


def _microbiology_asked(s: Situation) -> bool:
    return s.episode.met or (s.rp is UNKNOWN and bool(s.risk)) or s.explained or s.stage == "ruleOuts"


def _screen_asked(s: Situation) -> bool:
    return s.stage == "firstLine" or (s.stage == "antibodyPending" and s.episode.met)


def _cmv_asked(s: Situation) -> bool:
    drafted = {name for t in s.facts.drafted_treatments for name in classes_of(t)}
    given = drafted & {"CYC", "JAKi"} or s.therapy.running("CYC", "JAKi")
    return s.stage in ("firstLine", "response", "refractory") and bool(given)


def _bal_asked(s: Situation) -> bool:
    return s.stage in ("ruleOuts", "aip", "refractory")


def _consult_asked(s: Situation) -> bool:
    return s.episode.met or (s.rp is UNKNOWN and s.only_onset_missing)


def _transplant_asked(s: Situation) -> bool:
    return (
        s.episode.met and s.in_context("confirmed", "suspected", "otherMsa") and not s.care_limited and not s.referral
    )


def _ecmo_asked(s: Situation) -> bool:
    return s.stage == "rescue" and not s.care_limited


def _offered(id: str) -> Callable[[Situation], bool]:
    return lambda s: id in s.facts.offers


def _catalogue() -> Iterator[Item]:
    """The rows of section 13, most urgent first."""
    names = {"cbc": {"lymphocytes-abs", "neutrophils-abs"}, "viral-pcr": VIRAL, "pjp-test": {"pjp-dna", "pjp-stain-ag"}}
    yield Item("arterial-gas", "E-GAS", frozenset(), _gas_asked, _gas_window)
    yield Item("myositis-panel", "E-MSA", frozenset(), _panel_asked, _lab_window)
    yield Item("hrct", "E-CT", frozenset(), _always, _ct_window)
    yield Item("lung-function", "E-PFT", frozenset(), _lung_function_asked, _pft_window)
    for id in BLOOD:
        yield Item(id, ELEMENTS.get(id, "E-CHEM"), frozenset(names.get(id, {id})), _always, _lab_window)
    for id in OFFERED:
        yield Item(id, "E-INFL", frozenset({id}), _offered(id), _named("window_kl6_il6"))
    for id in CONSULTS:
        yield Item(id, "E-ORD", frozenset(), _consult_asked, _named("window_consult"))
    yield Item("transplant-referral", "E-ORD", frozenset(), _transplant_asked, _named("referral_days"))
    yield Item("ecmo-consult", "E-ORD", frozenset(), _ecmo_asked, _named("window_ecmo_consult_hours"))
    for id in MICROBIOLOGY:
        yield Item(id, "E-MICRO", frozenset(names.get(id, {id})), _microbiology_asked, _named("window_culture"))
    for id in SCREEN:
        yield Item(id, "E-SCREEN", frozenset(SCREENS.get(id, {id})), _screen_asked, _named("screen_days"))
    yield Item("cmv-pcr", "E-MICRO", frozenset({"cmv-dna"}), _cmv_asked, _named("window_cmv"))
    yield Item("bal", "E-PROC", frozenset({"bal"}), _bal_asked, _named("window_bal"))


VIRAL = {"sars-cov-2-rna", "influenza-a-rna", "influenza-b-rna", "respiratory-viral-panel"}
SCREENS = {"hcv": {"hcv-ab", "hcv-rna"}, "hiv": {"hiv-ag-ab"}}
ELEMENTS = {"ferritin": "E-FERR", "ldh": "E-INFL", "crp": "E-INFL", "cbc": "E-CBC"}
CATALOGUE = tuple(_catalogue())
