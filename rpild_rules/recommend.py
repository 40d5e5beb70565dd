"""From cards that are due to cards that are sent: wording, hooks, absorption, order and cap (decisions sections 9 to 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rpild_rules import details, order_safety
from rpild_rules.assessment import Assessment, Recommendation, Section
from rpild_rules.definition import CRITERIA, DEFINITIONS
from rpild_rules.lead import RP_CARDS, lead_lines
from rpild_rules.triggers import PV, SIGN, Due, due_cards

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

ORDER = (
    "ecmoTransplant", "possibleInfection", "pregnancyCheck", "PRIMARY", "avoidForInduction", "cytopenia", "preImmunosuppressionScreen",
    "jakiRisk", "cniSafety", "pjpProphylaxis", "transplantReferral", "INFO", "steroidOnly", "dataQuality",
)  # fmt: skip
ABSORBS = {
    "combinationTherapy": frozenset({"transplantReferral", "steroidOnly"}),
    "antibodyPending": frozenset({"transplantReferral"}),
    "otherMyositisAntibody": frozenset({"transplantReferral"}),
    "ecmoTransplant": frozenset({"transplantReferral"}),
}
TRANSPLANT_TOPICS = frozenset(
    {
        "combinationTherapy",
        "antibodyPending",
        "otherMyositisAntibody",
        "transplantReferral",
        "ecmoTransplant",
        "refractoryOptions",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """The call that asks: its hook (empty for page and command line), and how many cards it may show.

    `silent` is set for users whose role a site keeps silent.
    """

    hook: str = ""
    max_cards: int | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the alert memory holds: topics not to be sent again now."""

    suppressed: frozenset[str] = field(default_factory=frozenset)


def recommend(s: Situation) -> tuple[Recommendation, ...]:
    """Every card that is due, worded, in the order in which cards are shown."""
    worded = [_worded(s, due) for due in due_cards(s)]
    return tuple(sorted(worded, key=_place))


def _place(r: Recommendation) -> int:
    slot = ("INFO" if r.indicator == "info" else "PRIMARY") if r.primary else r.topic
    return ORDER.index(slot)


def choose(
    assessment: Assessment, call: Call, remembered: Remembered = Remembered()
) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
    """The cards to send on this call, and those held back (absorbed, suppressed or cut off). Pure."""
    due = [r for r in assessment.recommendations if _speaks(assessment, call, r)]
    absorbed = {topic for r in due for topic in ABSORBS.get(r.topic, ())}
    standing = [r for r in due if r.topic not in absorbed and r.topic not in remembered.suppressed]
    sent = standing[: call.max_cards] if call.max_cards else standing
    cut = standing[len(sent) :]
    held = tuple(r for r in due if r not in sent)
    if sent and cut:
        also = assessment.knowledge.texts
        lines = tuple(also.say("common", "also", summary=r.summary) for r in cut)
        sent = [replace(sent[0], sections=(*sent[0].sections, Section("", lines))), *sent[1:]]
    return tuple(sent), held


def _speaks(assessment: Assessment, call: Call, r: Recommendation) -> bool:
    """Whether this hook may carry the card; page and command line show what opening the chart or signing would send."""
    if call.silent:
        return False
    if not call.hook:
        return bool(r.hooks & {PV, SIGN})
    return call.hook in r.hooks and (call.hook != SIGN or assessment.order_in_scope)


def _worded(s: Situation, due: Due) -> Recommendation:
    topic = s.knowledge.texts.topic(due.topic)
    return Recommendation(
        topic=due.topic, title=topic.title, indicator=topic.indicator, summary=topic.summary_for((due.variant,)),
        sections=tuple(part for part in _sections(s, due) if part.lines), items=details.suggested(s, due),
        overrides=topic.override_reasons, sources=topic.evidence, hooks=due.hooks, primary=due.primary, variant=due.variant,
    )  # fmt: skip


def _sections(s: Situation, due: Due) -> Iterator[Section]:
    yield Section("", lead_lines(s, due))
    if due.topic in RP_CARDS:
        yield Section("Why", tuple(details.basis(s)))
    yield Section("", details.body(s, due))
    if due.topic in RP_CARDS:
        yield Section("Antibodies", tuple(details.antibody_marks(s)))
        yield Section("Risk flags", tuple(details.flags(s)))
    if due.topic in TRANSPLANT_TOPICS:
        yield Section("Transplant", tuple(details.transplant(s)))
    if due.topic == "combinationTherapy":
        yield Section("Infection", tuple(details.infection_review(s)))
    if due.topic in ("undeterminedHighRisk", "threeMonthProgression"):
        intro = s.knowledge.texts.line("undeterminedHighRisk", "intro")
        yield Section(intro, tuple(details.missing(s)))
    if due.primary:
        items = None if s.lung_signal or due.topic != "workup" else details.suggested(s, due)
        yield Section("Work-up", tuple(details.open_work(s, items)))
    yield Section("", tuple(_refractory_drugs(s, due)))
    yield Section("Basis", tuple(_foot(s, due)))


def _refractory_drugs(s: Situation, due: Due) -> Iterator[str]:
    """One line on drafts used in refractory disease only, on the first card of an episode."""
    names = order_safety.refractory_only(s.facts)
    if names and s.episode.met and due.primary:
        yield s.knowledge.texts.say("common", "refractory_only", drugs=", ".join(names))


def _foot(s: Situation, due: Due) -> Iterator[str]:
    """Role, age of the data, inputs, what is unknown, and values a site has changed."""
    texts = s.knowledge.texts
    yield texts.say("foot", "role")
    newest = max(
        (m.when for m in s.facts.measurements if m.valid and m.when and not m.when.ahead_of(s.now)),
        key=lambda w: w.latest,
        default=None,
    )
    yield texts.say("foot", "newest", date=newest.printed if newest else "none")
    yield texts.say("foot", "inputs", inputs=_inputs(s))
    unknown = [texts.label("definition", id) for id in DEFINITIONS if s.found[id].unknown]
    unknown += [texts.label("criterion", id) for id in CRITERIA if s.found[id].unknown]
    if unknown:
        yield texts.say("foot", "unknown", unknown=", ".join(unknown))
    for change in s.knowledge.overrides:
        yield texts.say("common", "override_value", name=change.name, value=change.value, default=change.default)


def _inputs(s: Situation) -> str:
    refs = dict.fromkeys(ref for finding in s.found.values() if finding.met for ref in finding.evidence)
    return ", ".join(dict.fromkeys([*refs, *s.mda5.evidence])) or "none"
