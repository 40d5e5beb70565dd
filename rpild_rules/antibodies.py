"""What the antibodies say: the state of anti-MDA5, and other positive antibodies (decisions section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpild_rules.concepts import MAA, MDA5, MDA5_ORDERS, MSA, MYOSITIS_PROVEN, OTHER_MSA, PANEL, SKIN_SIGNS
from rpild_rules.diagnoses import having
from rpild_rules.facts import Meaning, Order, PatientFacts, TestResult
from rpild_rules.findings import MET, NOT_MET, Reason
from rpild_rules.knowledge import Knowledge
from rpild_rules.order_safety import is_signed
from rpild_rules.therapy import immunosuppressed_between
from rpild_rules.when import When, lately, near, older_than

FOUND = frozenset({Meaning.POSITIVE, Meaning.WEAK})
WAITING = frozenset({"active", "on-hold"})


@dataclass(frozen=True, slots=True)
class Mda5:
    """State `positive`, `indeterminate`, `negative`, `pending` or `none`; marks `weak`, `multiple`, `discordant`.

    `reason` says why the state is `none` when results could not be read. `panel` is a panel that came without MDA5.
    `contrary` are the negative results beside a positive one.
    """

    state: str
    marks: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()
    reason: Reason | None = None
    panel: TestResult | None = None
    contrary: tuple[TestResult, ...] = ()
    first_positive: When | None = None
    newest: TestResult | None = None
    ordered: Order | None = None


def tests_of(facts: PatientFacts, concepts: Iterable[str]) -> list[TestResult]:
    """Valid results of some antibodies, newest first."""
    wanted = frozenset(concepts)
    return sorted((r for r in facts.results if r.concept in wanted and r.valid), key=recency, reverse=True)


def recency(r: TestResult) -> tuple[float, float, str]:
    """Newest by time, then by time of issue, then by id (K5)."""
    latest = r.when.latest.timestamp() if r.when else 0.0
    return latest, r.issued.latest.timestamp() if r.issued else latest, r.reference


def positive(facts: PatientFacts, concepts: Iterable[str]) -> list[TestResult]:
    """Final positive results of some antibodies, weak ones included, newest first."""
    return [r for r in tests_of(facts, concepts) if r.meaning in FOUND]


def panels(facts: PatientFacts) -> list[TestResult]:
    """Resulted myositis panels, newest first: known as such, or two or more specific antibodies of one time."""
    by_time: dict[When, dict[str, TestResult]] = {}
    for r in tests_of(facts, OTHER_MSA):
        if r.when:
            by_time.setdefault(r.when, {}).setdefault(r.concept, r)
    grouped = [next(iter(group.values())) for group in by_time.values() if len(group) > 1]
    return sorted((*tests_of(facts, PANEL), *grouped), key=recency, reverse=True)


def any_msa_result(facts: PatientFacts) -> bool:
    """Whether any myositis-specific antibody was ever measured, with whatever result."""
    return bool(tests_of(facts, MSA | PANEL))


def mda5_state(facts: PatientFacts, now: When, knowledge: Knowledge) -> Mda5:
    """The first row of the state table that matches."""
    final = tests_of(facts, MDA5)
    positives = [r for r in final if r.meaning in FOUND]
    negatives = [r for r in final if r.meaning is Meaning.NEGATIVE]
    if positives:
        return _positive(facts, positives, negatives, now, knowledge)
    if final and final[0].meaning is Meaning.NEGATIVE:
        return Mda5("negative", evidence=(final[0].reference,), newest=final[0])
    return _pending(facts, final, now, knowledge) or _rest(facts, final, now, knowledge)


def _positive(
    facts: PatientFacts, positives: list[TestResult], negatives: list[TestResult], now: When, knowledge: Knowledge
) -> Mda5:
    weak = all(r.meaning is Meaning.WEAK for r in positives)
    marks = {"weak"} if weak else set()
    marks |= {"multiple"} if positive(facts, OTHER_MSA) else set()
    marks |= {"discordant"} if negatives else set()
    doubted = all(_doubtful(r, negatives, facts, now, knowledge) for r in positives)
    state = "indeterminate" if doubted and not _supported(facts, positives, weak, knowledge) else "positive"
    refs = tuple(r.reference for r in (*positives, *negatives))
    return Mda5(
        state, frozenset(marks), refs, contrary=tuple(negatives), first_positive=_first(positives), newest=positives[0]
    )


def _first(positives: list[TestResult]) -> When | None:
    return min((r.when for r in positives if r.when), key=lambda when: when.earliest, default=None)


def _doubtful(r: TestResult, negatives: list[TestResult], facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """Weak, or contradicted by a final negative close in time without treatment between that could explain it."""
    if r.meaning is Meaning.WEAK and knowledge.word("weak_positive_counts") != "always":
        return True
    window = knowledge.window("discordant_days")
    return any(
        r.when
        and n.when
        and near(r.when, n.when, window) is MET
        and not immunosuppressed_between(facts, r.when, n.when, now, knowledge)
        for n in negatives
    )


def _supported(facts: PatientFacts, positives: list[TestResult], weak: bool, knowledge: Knowledge) -> bool:
    """A myositis diagnosis, a skin sign, or a second positive result (not the same one under another code, K5)."""
    if weak and knowledge.word("weak_positive_counts") == "never":
        return False
    return bool(having(facts, MYOSITIS_PROVEN | SKIN_SIGNS)) or len({r.when for r in positives}) > 1


def _pending(facts: PatientFacts, final: list[TestResult], now: When, knowledge: Knowledge) -> Mda5 | None:
    waiting = [r for r in facts.results if r.concept in MDA5 | PANEL and r.pending]
    newest = max(waiting, key=recency, default=None)
    if newest and (not final or recency(newest) > recency(final[0])):
        return Mda5("pending", evidence=(newest.reference,), newest=newest)
    orders = [o for o in facts.orders if o.concepts & MDA5_ORDERS and _open(o, final, now, knowledge)]
    open_orders = [o for o in orders if not _panel_used_up(o, facts, now, knowledge)]
    drafted = [o for o in facts.drafted_orders if o.concepts & MDA5_ORDERS and is_signed(o)]
    if open_orders or drafted:
        first = (*open_orders, *drafted)[0]
        return Mda5("pending", evidence=(first.reference,), newest=final[0] if final else None, ordered=first)
    return None


def _open(o: Order, final: list[TestResult], now: When, knowledge: Knowledge) -> bool:
    """Waiting, or done lately, without an MDA5 result since."""
    if o.do_not_perform or any(r.when and o.authored and r.when.latest >= o.authored.earliest for r in final):
        return False
    if o.status in WAITING:
        return True
    return (
        o.status == "completed"
        and o.authored is not None
        and lately(o.authored, now, knowledge.window("mda5_pending_days")) is MET
    )


def _panel_used_up(o: Order, facts: PatientFacts, now: When, knowledge: Knowledge) -> bool:
    """A panel without an MDA5 component came back for this order, and the grace time is over."""
    window = knowledge.window("panel_without_mda5_days")
    return any(older_than(r.when, now, window) is MET for r in _panels_after(o, facts) if r.when)


def _panels_after(o: Order, facts: PatientFacts) -> list[TestResult]:
    return [r for r in panels(facts) if r.when and o.authored and r.when.latest >= o.authored.earliest]


def _rest(facts: PatientFacts, final: list[TestResult], now: When, knowledge: Knowledge) -> Mda5:
    if final:
        return Mda5("indeterminate", evidence=(final[0].reference,), newest=final[0])
    reason = facts.why_absent("E-MSA")
    without_mda5 = next(iter(panels(facts)), None)
    return Mda5("none", reason=None if reason is Reason.NO_DATA else reason, panel=without_mda5)


def other_antibodies(facts: PatientFacts) -> list[TestResult]:
    """Positive antibodies other than MDA5 that point to connective-tissue disease, one result each."""
    found: dict[str, TestResult] = {}
    for r in positive(facts, OTHER_MSA | MAA):
        found.setdefault(r.concept, r)
    return list(found.values())


def panel_lately(facts: PatientFacts, now: When, knowledge: Knowledge) -> list[TestResult]:
    """Final MDA5 and panel results of the last weeks, with any value (G3f). A single other antibody is no panel."""
    window = knowledge.window("gate_panel_days")
    found = (*tests_of(facts, MDA5), *panels(facts))
    return [r for r in found if r.when and lately(r.when, now, window) is not NOT_MET]
