"""The MDA5 state, other antibodies, and the context (decisions section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from rpild_rules.facts import Order, PatientFacts, TestResult
from tests.oracle.answers import MET, Answer, of, unsure
from tests.oracle.chart import ILD, NOT_PROVEN, ONGOING, View, absent, has, newest, proves, was_read
from tests.oracle.settings import choice, number
from tests.oracle.therapy import suppressed_between
from tests.oracle.times import Span, close, span, within

MDA5 = ("anti-mda5-qual", "anti-mda5-quant")
OTHER_MSA = (
    "anti-jo1", "anti-pl7", "anti-pl12", "anti-ej", "anti-oj", "anti-srp", "anti-mi2", "anti-tif1g", "anti-nxp2",
    "anti-sae1",
)  # fmt: skip
MAA = ("anti-ro52", "anti-pmscl", "anti-ku", "anti-rnp")
MYOSITIS = ("dermatomyositis", "amyopathic-dm", "polymyositis", "antisynthetase")
SKIN = ("gottron", "heliotrope", "mechanics-hands", "skin-ulcer", "digital-ulcer")
PANEL_ORDER = {"anti-mda5-qual", "anti-mda5-quant", "myositis-panel", "order-myositis-antibody"}
POSITIVE = ("positive", "weak")
ORDERED = ("active", "on-hold")


def final(facts: PatientFacts, *concepts: str) -> list[TestResult]:
    """Final results of these concepts, newest first."""
    return _newest_first(r for r in facts.results if r.concept in concepts and r.valid)


def _newest_first(results: object) -> list[TestResult]:
    return sorted(results, key=_age, reverse=True)  # type: ignore[call-overload, no-any-return]


def _age(r: TestResult) -> tuple[int, int, str]:
    hi = span(r.when).hi if r.when else 0
    return hi, span(r.issued).hi if r.issued else hi, r.reference


def positive(facts: PatientFacts, *concepts: str) -> bool:
    """Any final positive result, at any time."""
    return any(r.meaning in POSITIVE for r in final(facts, *concepts))


@dataclass(frozen=True)
class State:
    """The MDA5 state; `marks` hold for a positive one."""

    name: str
    marks: frozenset[str] = frozenset()
    unread: bool = False
    ordered: bool = False


def mda5_state(view: View) -> State:
    """First match of the table."""
    facts = view.facts
    mine, found = final(facts, *MDA5), any_positive(facts)
    ordered = any(answers_mda5(o) and o.status in ORDERED for o in facts.orders) or any(
        map(answers_mda5, facts.drafted_orders)
    )
    if found:
        name = (
            "indeterminate"
            if all(_doubtful(view, p, mine) for p in found) and not _supported(view, found)
            else "positive"
        )
        return State(name, _marks(facts, mine, found), False, ordered)
    if mine and mine[0].meaning == "negative":
        return State("negative", frozenset(), False, ordered)
    if _pending(view, mine):
        return State("pending", frozenset(), False, ordered)
    return State("indeterminate" if mine else "none", frozenset(), not was_read(view, "E-MSA"), ordered)


def any_positive(facts: PatientFacts) -> list[TestResult]:
    """All final positive MDA5 results."""
    return [r for r in final(facts, *MDA5) if r.meaning in POSITIVE]


def _marks(facts: PatientFacts, mine: list[TestResult], found: list[TestResult]) -> frozenset[str]:
    marks = {"weak"} if all(p.meaning == "weak" for p in found) else set()
    marks |= {"multiple"} if positive(facts, *OTHER_MSA) else set()
    return frozenset(marks | ({"discordant"} if any(r.meaning == "negative" for r in mine) else set()))


def _doubtful(view: View, p: TestResult, mine: list[TestResult]) -> bool:
    """Weak; or a final negative within 60 days of it and no IS active between."""
    if p.meaning == "weak" and choice("weak_positive_counts") != "always":
        return True
    when = view.time(p.when)
    negatives = [view.time(r.when) for r in mine if r.meaning == "negative"]
    near = [n for n in negatives if close(n, when, "discordant_days") == MET]
    return any(not (was_read(view, "E-MED") and suppressed_between(view, n, when)) for n in near)


def _supported(view: View, found: list[TestResult]) -> bool:
    return has(view.facts, *MYOSITIS, *SKIN) or len({view.time(p.when) for p in found}) > 1


def answers_mda5(order: Order) -> bool:
    """An order for MDA5 or a myositis panel."""
    return not order.do_not_perform and bool(PANEL_ORDER & (order.concepts | order.items))


def _pending(view: View, mine: list[TestResult]) -> bool:
    """Newest result not final; or an order that nothing has answered."""
    everything = _newest_first(r for r in view.facts.results if r.concept in MDA5 and (r.valid or r.pending))
    if everything and everything[0].pending:
        return True
    return any(map(answers_mda5, view.facts.drafted_orders)) or any(
        _waits(view, o, mine) for o in view.facts.orders if answers_mda5(o)
    )


def _waits(view: View, order: Order, mine: list[TestResult]) -> bool:
    written = view.time(order.authored) if order.authored is not None else None
    if order.status == "completed":
        done = written is None or within(written, view.now, "mda5_pending_days") != MET
        if done or any(_after(view, r, written) for r in mine):
            return False
    elif order.status not in ORDERED:
        return False
    panels = [r for r in final(view.facts, "myositis-panel") if _after(view, r, written)]
    return not panels or within(view.time(panels[-1].when), view.now, "panel_without_mda5_days") == MET


def _after(view: View, r: TestResult, written: Span | None) -> bool:
    return r.when is not None and (written is None or view.time(r.when).hi >= written.lo)


def high_ferritin(view: View) -> Answer:
    """Ferritin >= gate_ferritin within 31 d."""
    m, why = newest(view, "gate_ferritin_days", "ferritin")
    return proves(m, ">=", number("gate_ferritin")) if m is not None else why


def myositis(view: View, unproven: bool) -> bool:
    """The myositis group of G3a: counted, or (for the gate) provisional too."""
    named = {c for d in view.facts.diagnoses for c in d.concepts if _stands(d.verification, d.clinical, unproven)}
    if named & set(MYOSITIS):
        return True
    return "myositis-nos" in named and vague_counts(view)


def vague_counts(view: View) -> bool:
    """The company that lets `myositis-nos` belong to the group."""
    seen = bool(final(view.facts, *MDA5, *OTHER_MSA, "myositis-panel"))
    return seen or has(view.facts, *ILD, *SKIN) or high_ferritin(view).met


def _stands(verification: str, clinical: str, unproven: bool) -> bool:
    return clinical in ONGOING and verification in ({"", "confirmed"} | (NOT_PROVEN if unproven else set()))


def context(view: View, state: State) -> str:
    """First match; the gate is open."""
    if state.name == "positive":
        return "confirmed"
    if state.name != "negative":
        return "suspected"
    found = positive(view.facts, *OTHER_MSA, *MAA) or myositis(view, False) or has(view.facts, "ctd-other")
    return "otherMsa" if found else "noCtd"


def ro52(view: View) -> Answer:
    """Flag ro52: the newest final result, any age."""
    found = final(view.facts, "anti-ro52")
    if not found:
        return absent(view, "E-MSA")
    said = {"positive": True, "weak": True, "negative": False}.get(found[0].meaning)
    return unsure("any") if said is None else of(said)
