"""What an order calls for: calcineurin checks, screens, prophylaxis, counts, risks (decisions section 12, S4 to S9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rpild_rules import results
from rpild_rules.concepts import CLASS_OF, IMMUNOSUPPRESSANTS
from rpild_rules.diagnoses import having, history, may_be_dated_within
from rpild_rules.facts import Meaning, Measurement, PatientFacts, TestResult, Treatment
from rpild_rules.findings import MET, Reason
from rpild_rules.gate import years
from rpild_rules.order_safety import PROPHYLAXIS, being_signed, is_renewal, signed
from rpild_rules.results import compare, shown
from rpild_rules.stays import acute
from rpild_rules.therapy import classes_of, dose_holds, is_pulse, systemic
from rpild_rules.when import Window, within
from rpild_rules.workup import has_result, order_of

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

INTERACTING = "cni-interacting-drug"
SCREENED = {
    "hbsag": {"hbsag"},
    "anti-hbc": {"anti-hbc"},
    "hcv": {"hcv-ab", "hcv-rna"},
    "hiv": {"hiv-ag-ab"},
    "igra": {"igra"},
}
SCREENED_DRUGS = ("RTX", "JAKi", "CYC")
BLOOD_TESTS = {"cbc": {"lymphocytes-abs", "neutrophils-abs"}, "alt": {"alt"}, "ast": {"ast"}}
OTHER_THAN_STEROID = frozenset(IMMUNOSUPPRESSANTS)
CLOTS = frozenset({"vte", "vte-history"})
VESSELS = frozenset({"coronary-disease", "cerebrovascular-disease", "peripheral-arterial-disease"})
TUMOURS = frozenset({"malignancy", "malignancy-history"})


@dataclass(frozen=True, slots=True)
class Screen:
    """What the screen before immunosuppression shows: positive results first, then missing and ordered items."""

    positive: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    consider_igg: bool = False


def new_drafts(s: Situation, *classes: str) -> list[Treatment]:
    """Drafts of some classes that are no mere renewal."""
    return [t for t in signed(s.facts, *classes) if not is_renewal(t, s)]


def cni_checks(s: Situation) -> tuple[str, ...]:
    """S4: what to check with a calcineurin inhibitor, or with a drug that interacts with it; empty if nothing."""
    interacting = [t for t in _interacting_drafts(s.facts) if not is_renewal(t, s)]
    if not new_drafts(s, "CNI") and not (interacting and s.therapy.running("CNI")):
        return ()
    return tuple(_cni_findings(s))


def lab_window(s: Situation) -> Window:
    """How old a blood test may be: three days in acute care, else a week."""
    return s.knowledge.window("lab_window_acute_hours" if acute(s.facts, s.now, s.now) else "lab_window_days")


def _interacting_drafts(facts: PatientFacts) -> list[Treatment]:
    return [t for t in facts.drafted_treatments if INTERACTING in t.ingredients and systemic(t)]


def _cni_findings(s: Situation) -> Iterator[str]:
    if s.facts.read("E-CHEM") and not has_result(s.facts, frozenset({"creatinine"}), lab_window(s), s):
        yield "no recent creatinine"
    for concept, limit in (("egfr", "cni_egfr"), ("potassium", "cni_potassium")):
        m = newest(s, concept, "cni_result_days")
        if m and compare(m, s.knowledge.parameter(limit)) is MET:
            yield f"{concept} {shown(m)}"
    running = [t for t in s.facts.treatments if INTERACTING in t.ingredients and in_use(t, s)]
    yield from (
        f"interacting drug: {name}" for name in sorted({t.printed for t in (*running, *_interacting_drafts(s.facts))})
    )


def newest(s: Situation, concept: str, days: str) -> Measurement | None:
    """The newest readable result of a concept in a named window."""
    window = s.knowledge.window(days)
    return results.choose(results.of(s.facts, concept), s.now, window, Reason.NO_DATA, concept).value


def in_use(t: Treatment, s: Situation) -> bool:
    """An order or statement that is active now."""
    if t.status != "active" or t.do_not_perform or t.reported or not systemic(t) or t.intent in ("plan", "proposal"):
        return False
    ended = t.end is not None and t.end.latest < s.now.latest
    return (
        not ended
        and t.start is not None
        and within(t.start.cut(s.now), s.now, s.knowledge.window("active_request_days")) is MET
    )


def screen(s: Situation) -> Screen | None:
    """S5: the screen before rituximab, JAK inhibitor or cyclophosphamide; None when nothing is missing or positive."""
    drafts = new_drafts(s, *SCREENED_DRUGS)
    if not drafts or not s.facts.read("E-SCREEN"):
        return None
    drugs = {name for t in drafts for name in classes_of(t)}
    missing: list[str] = []
    ordered: list[str] = []
    for item in _unanswered(s):
        (ordered if order_of(item, s) else missing).append(item)
    found = Screen(tuple(_positive(s, drugs)), tuple(missing), tuple(ordered), "RTX" in drugs and _no_igg(s))
    return found if found.positive or found.missing else None


def _unanswered(s: Situation) -> Iterator[str]:
    year = s.knowledge.window("screen_days")
    lately = lab_window(s)
    yield from (item for item, tests in SCREENED.items() if not has_result(s.facts, frozenset(tests), year, s))
    yield from (item for item, tests in BLOOD_TESTS.items() if not has_result(s.facts, frozenset(tests), lately, s))


def _positive(s: Situation, drugs: set[str]) -> Iterator[str]:
    wanted = ["hbsag", *(["anti-hbc"] if "RTX" in drugs else []), "hiv", "igra", "hcv"]
    for item in wanted:
        yield from (
            f"{r.concept} {r.printed}" + (f" ({r.when.printed})" if r.when else "")
            for r in _positives(s, SCREENED[item])
        )


def _positives(s: Situation, tests: set[str]) -> list[TestResult]:
    window: Window = s.knowledge.window("screen_days")
    found = [
        r for r in s.facts.results if r.concept in tests and r.valid and r.meaning in (Meaning.POSITIVE, Meaning.WEAK)
    ]
    return [r for r in found if r.when and within(r.when.cut(s.now), s.now, window) is MET]


def _no_igg(s: Situation) -> bool:
    return not has_result(s.facts, frozenset({"igg"}), s.knowledge.window("igg_days"), s)


def lacks_prophylaxis(s: Situation) -> bool:
    """S6: after signing, a glucocorticoid at high dose for long and an immunosuppressant run without prophylaxis."""
    drafts = new_drafts(s, "GC", *IMMUNOSUPPRESSANTS)
    if not drafts or not s.facts.read("E-MED"):
        return False
    together = [t for t in s.facts.treatments if in_use(t, s)] + [t for t in s.facts.drafted_treatments if systemic(t)]
    names = {each for t in together for each in t.ingredients}
    other = any(CLASS_OF.get(each) in OTHER_THAN_STEROID for each in names)
    return other and not names & (PROPHYLAXIS | {"pjp-treatment"}) and any(_high_and_long(t, s) for t in together)


def _high_and_long(t: Treatment, s: Situation) -> bool:
    """A daily dose above the limit or a pulse, meant for over two weeks; without a duration it is taken as long."""
    high = is_pulse(t, s.knowledge) or dose_holds("pjp_pred_mg", t, s.knowledge) is True
    return high and (t.days is None or s.knowledge.parameter("pjp_days").holds(t.days))


def steroid_dose_unread(s: Situation) -> bool:
    """A glucocorticoid being signed whose dose cannot be read: the prophylaxis rule stays open."""
    return any(t.mg_per_day is None for t in signed(s.facts, "GC"))


def low_counts(s: Situation) -> tuple[str, ...]:
    """S7: low neutrophils or platelets before cyclophosphamide."""
    if not signed(s.facts, "CYC"):
        return ()
    pairs = (("neutrophils-abs", "cyc_anc"), ("platelets", "cyc_platelets"))
    found = ((newest(s, concept, "cyc_count_days"), limit) for concept, limit in pairs)
    return tuple(
        f"{m.concept} {shown(m)}" for m, limit in found if m and compare(m, s.knowledge.parameter(limit)) is MET
    )


def jak_risks(s: Situation) -> tuple[str, ...]:
    """S8: listed risks of a JAK inhibitor found in the record."""
    return tuple(_jak_risks(s)) if new_drafts(s, "JAKi") else ()


def _jak_risks(s: Situation) -> Iterator[str]:
    yield from (d.printed for d in history(s.facts, CLOTS | TUMOURS))
    yield from (d.printed for d in having(s.facts, VESSELS))
    birth = s.facts.person.birth
    if birth and s.knowledge.parameter("jaki_age").holds(Decimal(years(birth.last, s.now.last))):
        yield f"age {years(birth.last, s.now.last)}"
    for concept, limit in (("lymphocytes-abs", "jaki_alc"), ("neutrophils-abs", "jaki_anc"), ("hemoglobin", "jaki_hb")):
        m = newest(s, concept, "flag_max_age_days")
        if m and compare(m, s.knowledge.parameter(limit)) is MET:
            yield f"{concept} {shown(m)}"
    zoster = s.knowledge.window("jaki_zoster_days")
    yield from (d.printed for d in history(s.facts, {"zoster"}) if may_be_dated_within(d, s.now, zoster))
    yield from (f"{r.concept} {r.printed}" for r in (*_positives(s, {"igra"}), *_positives(s, {"hbsag"})))


def steroid_alone(s: Situation) -> bool:
    """S9: a glucocorticoid is signed in confirmed disease and nothing else runs or is signed beside it."""
    if not signed(s.facts, "GC") or not s.in_context("confirmed") or not s.episode.met:
        return False
    running = s.therapy.running(*IMMUNOSUPPRESSANTS)
    return not running and not set(being_signed(s.facts)) & OTHER_THAN_STEROID


def signed_immunosuppressants(s: Situation) -> list[Treatment]:
    """Drafts of an immunosuppressant, glucocorticoids at high dose included."""
    steroids = [
        t
        for t in signed(s.facts, "GC")
        if is_pulse(t, s.knowledge) or dose_holds("pjp_pred_mg", t, s.knowledge) is True
    ]
    return [*signed(s.facts, *IMMUNOSUPPRESSANTS), *steroids]
