"""The work-up catalogue: what is asked for here, and what of it is missing, ordered, done or unread (section 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules import results
from rpild_rules.antibodies import tests_of
from rpild_rules.concepts import MDA5, MECHANICAL, SKIN_SIGNS
from rpild_rules.diagnoses import first_ild, having
from rpild_rules.facts import Order, PatientFacts
from rpild_rules.findings import MET, UNKNOWN, Reason
from rpild_rules.order_safety import being_signed, is_signed
from rpild_rules.oxygen import fraction_of
from rpild_rules.stays import acute
from rpild_rules.support import in_use
from rpild_rules.when import Window, gap, lately

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

BLOOD = ("ferritin", "ldh", "crp", "cbc", "ck", "alt", "ast", "creatinine")
MICROBIOLOGY = ("blood-culture", "respiratory-culture", "viral-pcr", "pjp-test")
SCREEN = ("hbsag", "anti-hbc", "hcv", "hiv", "igra")
CONSULTS = ("rheumatology-consult", "pulmonology-consult")
OFFERED = ("kl6", "il6")
SURVEYED = ("hrct", "lung-function", "ferritin")  # the items of `mda5Surveillance`
BASELINE = (*SURVEYED, "ldh", "crp", "cbc", "ck", "alt", "ast", "creatinine")
WAITING = frozenset({"active", "on-hold"})
LUNG_VOLUMES, GAS_TRANSFER = frozenset({"fvc", "fvc-pct-pred"}), frozenset({"dlco", "dlco-hb-adj"})


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
    """The state of every item that is asked for here.

    Consults and referrals stay open when orders could not be read: missing data never hide a human action (section 8).
    """
    open_items = [item for item in CATALOGUE if item.asked(s) and not _answered(item, s)]
    orders = {item.id: order for item in open_items if (order := order_of(item.id, s))}
    wanted = [item for item in open_items if item.id not in orders]
    readable = [item.id for item in wanted if item.element == "E-ORD" or s.facts.read(item.element)]
    return Workup(
        missing=tuple(readable),
        ordered=tuple((id, _since(order, s)) for id, order in orders.items()),
        unread=tuple(item.id for item in wanted if item.id not in readable),
    )


def order_of(item: str, s: Situation) -> Order | None:
    """The order that already asks for it: in these drafts, waiting, or completed less than a day ago."""
    orders = (*s.facts.drafted_orders, *s.facts.orders)
    return next((each for each in orders if item in each.items and _waits(each, item, s)), None)


def _waits(order: Order, item: str, s: Situation) -> bool:
    if order.drafted or order.do_not_perform:
        return order.drafted and is_signed(order)
    grace = s.knowledge.window(ORDER_WINDOWS.get(item, "ordered_grace_hours"))
    fresh = order.authored is not None and lately(order.authored, s.now, grace) is MET
    return order.status in WAITING or (order.status == "completed" and fresh)


ORDER_WINDOWS = {
    "rheumatology-consult": "window_consult",
    "pulmonology-consult": "window_consult",
    "transplant-referral": "referral_days",
    "ecmo-consult": "window_ecmo_consult_hours",
}


def _since(order: Order, s: Situation) -> str:
    if order.drafted:
        return s.knowledge.texts.say("common", "here")
    return order.authored.printed if order.authored else "undated"


def _answered(item: Item, s: Situation) -> bool:
    special = SPECIAL.get(item.id)
    return special(s, item.window(s)) if special else has_result(s.facts, item.answered_by, item.window(s), s)


def has_result(facts: PatientFacts, concepts: frozenset[str], window: Window, s: Situation) -> bool:
    """Whether a valid result of any of the concepts lies in the window, readable or not."""
    times = [m.when for concept in concepts for m in facts.by_concept.get(concept, []) if m.valid]
    times += [r.when for r in facts.results if r.concept in concepts and r.valid]
    times += [d.when for d in facts.done if d.concepts & concepts and d.status in ("completed", "in-progress")]
    return any(when and lately(when, s.now, window) is MET for when in times)


def _gas_done(s: Situation, window: Window) -> bool:
    """A gas counts only with its inspired oxygen, and not where gases contradict each other or support hides them."""
    if s.blind or Reason.CONFLICT in s.found["gasExchange"].reasons:
        return False
    gases = results.readable(results.around(results.of(s.facts, "pao2"), s.now, window), s.now)
    recent = (g for g in gases if lately(results.time_of(g), s.now, window) is MET)
    return any(fraction_of(g, s.facts, s.knowledge, s.now).value is not None for g in recent)


def _lung_function_done(s: Situation, window: Window) -> bool:
    """Both tests are there, or one of them was tried in the last month and could not be done."""
    both = all(has_result(s.facts, concepts, window, s) for concepts in (LUNG_VOLUMES, GAS_TRANSFER))
    return both or _unable(s)


def _unable(s: Situation) -> bool:
    window = s.knowledge.window("window_pft_unable")
    tried = [m for concept in LUNG_VOLUMES | GAS_TRANSFER for m in s.facts.by_concept.get(concept, [])]
    return any(
        m.valid and m.problem is Reason.NO_DATA and m.when and lately(m.when, s.now, window) is MET for m in tried
    )


def _ct_done(s: Situation, window: Window) -> bool:
    scans = [scan.when for scan in s.facts.scans if scan.concept == "ct-chest"]
    return any(when and lately(when, s.now, window) is MET for when in scans)


def _panel_done(s: Situation, window: Window) -> bool:
    return False  # whether a panel is wanted is decided by the antibody state alone


SPECIAL = {
    "arterial-gas": _gas_done,
    "lung-function": _lung_function_done,
    "hrct": _ct_done,
    "myositis-panel": _panel_done,
}


def never_done(item: str, s: Situation) -> bool:
    """No chest CT, or no lung function of any kind, in the whole look-back."""
    window = s.knowledge.window("never_done_days")
    return not (_ct_done(s, window) if item == "hrct" else has_result(s.facts, LUNG_VOLUMES | GAS_TRANSFER, window, s))


def _acute(s: Situation) -> bool:
    return acute(s.facts, s.now, s.now)


def _gas_window(s: Situation) -> Window:
    return s.knowledge.window("gas_window_acute_hours" if _acute(s) else "gas_window_days")


def early(s: Situation) -> bool:
    """The first positive MDA5 or the first ILD record is not long ago."""
    window = s.knowledge.window("early_days")
    return any(when and lately(when, s.now, window) is MET for when in (s.mda5.first_positive, first_ild(s.facts)))


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
    return s.rp is UNKNOWN or s.episode.met or bool(s.blind)


def _lung_function_asked(s: Situation) -> bool:
    return s.stage != "rescue" and not in_use(s.facts, MECHANICAL, s.now, s.knowledge.window("blind_hours"))


def _always(s: Situation) -> bool:
    return True


def _panel_asked(s: Situation) -> bool:
    if s.mda5.state in ("positive", "pending"):
        return False
    if s.mda5.state == "negative":
        return _negative_is_old(s) and (s.found["ferritin828"].met or bool(having(s.facts, SKIN_SIGNS)))
    return True


def _negative_is_old(s: Situation) -> bool:
    """The newest result may be `mda5_repeat_days` old or older."""
    newest = next((r.when for r in tests_of(s.facts, MDA5) if r.when), None)
    return newest is None or gap(newest, s.now, True)[1] >= s.knowledge.window("mda5_repeat_days").span


def _microbiology_asked(s: Situation) -> bool:
    return s.episode.met or (s.rp is UNKNOWN and bool(s.risk)) or s.explained or s.stage == "ruleOuts"


def _screen_asked(s: Situation) -> bool:
    return s.stage == "firstLine" or (s.stage == "antibodyPending" and s.episode.met)


def _given_or_signed(s: Situation, *classes: str) -> bool:
    return bool(s.therapy.running(*classes)) or bool(being_signed(s.facts) & set(classes))


def _cmv_asked(s: Situation) -> bool:
    return s.stage in ("firstLine", "response", "refractory") and _given_or_signed(s, "CYC", "JAKi")


def _igg_asked(s: Situation) -> bool:
    return _given_or_signed(s, "RTX")


def _bal_asked(s: Situation) -> bool:
    return s.stage in ("ruleOuts", "aip", "refractory")


def _consult_asked(s: Situation) -> bool:
    """In an episode, where only the onset is missing, and for the specialist review of the three-month definition."""
    return s.episode.met or s.only_onset_missing or s.three_months is MET


def _transplant_asked(s: Situation) -> bool:
    early = s.episode.met and s.in_context("confirmed", "suspected", "otherMsa")
    return (early or s.stage == "rescue") and not s.care_limited and not s.referral


def _ecmo_asked(s: Situation) -> bool:
    return s.stage == "rescue" and not s.care_limited and not s.on_ecmo


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
    yield Item("igg", "E-SCREEN", frozenset({"igg"}), _igg_asked, _named("igg_days"))
    yield Item("cmv-pcr", "E-MICRO", frozenset({"cmv-dna"}), _cmv_asked, _named("window_cmv"))
    yield Item("bal", "E-PROC", frozenset({"bal"}), _bal_asked, _named("window_bal"))


VIRAL = {"sars-cov-2-rna", "influenza-a-rna", "influenza-b-rna", "respiratory-viral-panel"}
SCREENS = {"hcv": {"hcv-ab", "hcv-rna"}, "hiv": {"hiv-ag-ab"}}
ELEMENTS = {"ferritin": "E-FERR", "ldh": "E-INFL", "crp": "E-INFL", "cbc": "E-CBC"}
CATALOGUE = tuple(_catalogue())
