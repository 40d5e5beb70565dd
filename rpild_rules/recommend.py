"""From cards that are due to cards that are sent: wording, hooks, absorption, order, cap (decisions 9 to 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rpild_rules import details, markers, order_lines, order_safety, transplant_lines
from rpild_rules.assessment import Assessment, Recommendation, Section
from rpild_rules.basis import basis, data_line, foot, unknown
from rpild_rules.fatigue import NOTHING, Remembered, is_held_back, with_any_order
from rpild_rules.lead import RP_CARDS, lead_lines
from rpild_rules.plain_words import plain_words
from rpild_rules.suggestions import suggested
from rpild_rules.triggers import ONSET_MISSING, PV, SIGN, Due, due_cards

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

ORDER = (
    "ecmoTransplant", "possibleInfection", "pregnancyCheck", "PRIMARY", "avoidForInduction", "cytopenia",
    "preImmunosuppressionScreen", "jakiRisk", "cniSafety", "pjpProphylaxis", "transplantReferral", "INFO",
    "steroidOnly", "dataQuality",
)  # fmt: skip
STEROID = "steroidOnly"
EVERYTHING = frozenset({"*"})
ABSORBS = {
    "combinationTherapy": frozenset({"transplantReferral", STEROID}),
    "antibodyPending": frozenset({"transplantReferral"}),
    "otherMyositisAntibody": frozenset({"transplantReferral"}),
    "ecmoTransplant": frozenset({"transplantReferral"}),
}
TELLS_FLAGS = frozenset({"combinationTherapy", "antibodyPending", "otherMyositisAntibody"})
TRANSPLANT_TOPICS = frozenset({"combinationTherapy", "antibodyPending", "otherMyositisAntibody"})


@dataclass(frozen=True, slots=True)
class Call:
    """The call that asks: its hook (empty for page and command line), and how many cards it may show.

    `silent` is set for users whose role a site keeps silent. `pathway_flags` are codes of the Flags and CarePlans by
    which a site marks patients whose team follows the pathway already. `muted` are topics to evaluate but not to show.
    """

    hook: str = ""
    max_cards: int | None = None
    silent: bool = False
    pathway_flags: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()

    def mutes(self, topic: str) -> bool:
        return topic in self.muted or self.muted == EVERYTHING


@dataclass(frozen=True, slots=True)
class Choice:
    """The cards to send, and those held back: taken over by another card, not shown again, muted, or cut off.

    `muted` holds the topics that would have been sent but for silent mode.
    """

    sent: tuple[Recommendation, ...]
    held: tuple[Recommendation, ...] = ()
    suppressed: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()


def recommend(s: Situation) -> tuple[Recommendation, ...]:
    """Every card that is due, in the order in which cards are shown; only those that are sent get their wording."""
    return tuple(sorted((_recommended(s, each) for each in due_cards(s)), key=_place))


def _place(r: Recommendation) -> int:
    slot = ("INFO" if r.indicator == "info" else "PRIMARY") if r.primary else r.topic
    return ORDER.index(slot)


def choose(
    assessment: Assessment, call: Call, remembered: Remembered = NOTHING
) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
    """The cards to send on this call, and those held back (absorbed, suppressed or cut off). Pure."""
    choice = decide(assessment, call, remembered)
    return choice.sent, choice.held


def decide(assessment: Assessment, call: Call, remembered: Remembered = NOTHING) -> Choice:
    """The same, with the topics that the alert memory or a pathway flag holds back. Absorption comes first."""
    due = [r for r in assessment.recommendations if _speaks(assessment, call, r, remembered)]
    suppressed = _suppressed(assessment, due, call, remembered)
    absorbed = {topic for r in due for topic in _absorbs(r, call, suppressed)}
    standing = [r for r in due if r.topic not in absorbed and r.topic not in suppressed]
    muted = frozenset(r.topic for r in standing if call.mutes(r.topic))
    shown = [r for r in standing if r.topic not in muted]
    sent = shown[: call.max_cards] if call.max_cards else shown
    cut = shown[len(sent) :]
    held = tuple(r for r in due if r not in sent)
    return Choice(tuple(_worded(assessment, sent, cut)), held, suppressed, muted)


def _worded(assessment: Assessment, sent: list[Recommendation], cut: list[Recommendation]) -> Iterator[Recommendation]:
    """The cards that are sent with their words; the first tells of those that were cut off."""
    s = assessment.situation
    if s is None or not sent:
        return
    data = data_line(s)
    extra = (*_refractory_drugs(s), *(_also(s, r) for r in cut))
    first = replace(sent[0], items=tuple(dict.fromkeys((*sent[0].items, *_safety_items(cut)))))
    yield replace(first, sections=(*_plain(s, first, data), *([Section("", extra)] if extra else ())))
    yield from (replace(r, sections=tuple(_plain(s, r, data))) for r in sent[1:])


def _suppressed(
    assessment: Assessment, due: list[Recommendation], call: Call, remembered: Remembered
) -> frozenset[str]:
    """Page and command line show everything: only a hook call is silent by design."""
    s = assessment.situation if call.hook else None
    return frozenset(r.topic for r in due if s and is_held_back(r, s, remembered, call.pathway_flags))


def _absorbs(r: Recommendation, call: Call, suppressed: frozenset[str]) -> frozenset[str]:
    """What a card takes over, shown again or not; only the note on a steroid alone stands up when it is signed."""
    absorbed = ABSORBS.get(r.topic, frozenset())
    return absorbed - {STEROID} if call.hook == SIGN and r.topic in suppressed else absorbed


def _refractory_drugs(s: Situation) -> Iterator[str]:
    """One line on the first card of an episode: drafts that are used in refractory disease only (S1)."""
    names = order_safety.refractory_only(s.facts) if s.episode.met else []
    if names:
        yield s.knowledge.texts.say("common", "refractory_only", drugs=", ".join(names))


def _safety_items(cut: list[Recommendation]) -> Iterator[str]:
    """The tests that a card on the order offered before it was cut off: the first card carries them on."""
    yield from (item for r in cut if r.topic in order_lines.BODIES for item in r.items)


def _also(s: Situation, r: Recommendation) -> str:
    return s.knowledge.texts.say("common", "also", summary=r.summary)


def _speaks(assessment: Assessment, call: Call, r: Recommendation, remembered: Remembered) -> bool:
    """Whether this hook may carry the card; page and command line show what opening the chart or signing would send."""
    if call.silent:
        return False
    if not call.hook:
        return bool(r.hooks & {PV, SIGN})
    concerned = call.hook != SIGN or assessment.order_in_scope or with_any_order(r, assessment, remembered)
    return call.hook in r.hooks and concerned


def _recommended(s: Situation, due: Due) -> Recommendation:
    topic = s.knowledge.texts.topic(due.topic)
    return Recommendation(
        topic=due.topic, title=topic.title, indicator=topic.indicator, summary=topic.summary_for((due.variant,)),
        items=suggested(s, due), overrides=topic.override_reasons, sources=topic.evidence, hooks=due.hooks,
        primary=due.primary, variant=due.variant,
    )  # fmt: skip


def _plain(s: Situation, r: Recommendation, data: str) -> Iterator[Section]:
    for part in _sections(s, Due(r.topic, r.variant, r.hooks, r.primary), data):
        if part.lines:
            yield Section(part.title, tuple(plain_words(line, s.now, s.knowledge) for line in part.lines))


def _sections(s: Situation, due: Due, data: str) -> Iterator[Section]:
    """A card decides in ten seconds: lead lines, why, what is unknown, what to consider; then what informs only.

    Evidence tables, medians and doses stand on the page.
    """
    yield Section("", (*lead_lines(s, due), *details.acts(s, due)))
    yield Section("Why", tuple(_why(s, due)))
    if due.topic not in RP_CARDS:
        yield Section("", tuple(details.next_steps(s, due)))
    yield Section("Unknown", tuple(_unknown(s, due)))
    yield Section("Consider", tuple(_consider(s, due)))
    if due.topic in TELLS_FLAGS or due.variant in ONSET_MISSING:
        yield Section("Risk flags", tuple(markers.flags(s)))
    yield Section("Basis", (*details.evidence(s, due), *transplant_lines.evidence(s, due), *foot(s, due, data)))


def _why(s: Situation, due: Due) -> Iterator[str]:
    if due.topic in RP_CARDS:
        if s.episode.refractory and not s.episode.breakthrough:  # the card is then `refractoryOptions`
            yield transplant_lines.worse_line(s)
        yield from details.worse_cts(s, due)
        yield from basis(s, due)
        yield from markers.antibody_marks(s)
        yield from markers.course(s)
    else:
        yield from transplant_lines.why(s, due)


def _unknown(s: Situation, due: Due) -> Iterator[str]:
    yield from details.open_criteria(s, due)
    yield from unknown(s, due)
    if due.topic in RP_CARDS:
        yield from markers.unusable_results(s)
    if due.primary:
        yield from details.unread_work(s)


def _consider(s: Situation, due: Due) -> Iterator[str]:
    if due.topic in RP_CARDS:
        yield from details.next_steps(s, due)
    yield from details.options(s, due)
    yield from details.after_failure(s, due)
    yield from transplant_lines.next_steps(s, due)
    if due.topic in TRANSPLANT_TOPICS or due.variant in ONSET_MISSING:
        yield from transplant_lines.transplant(s)
    if due.primary:
        yield from details.open_work(s, due)
