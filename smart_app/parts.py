"""The folded parts of the page, those first that would change a decision, each with one line that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.findings import MET, UNKNOWN
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from smart_app.page import Detail, Page

OPENED_BY: Mapping[str, str] = {
    "undeterminedHighRisk": "criteria", "threeMonthProgression": "criteria", "dataQuality": "criteria",
    "antibodyPending": "workup", "otherMyositisAntibody": "workup", "aipPathway": "workup",
    "mda5Surveillance": "workup", "workup": "workup", "transplantReferral": "transplant",
    "ecmoTransplant": "transplant",
}  # fmt: skip
TREATING = "options"  # every other card is about treatment
TITLES: Mapping[str, str] = {
    "attest": "attest.title", "criteria": "criteria.title", "options": "options.title", "workup": "workup.title",
    "transplant": "transplant.title", "flags": "flags.title", "trends": "pictures.trends",
    "algorithm": "pictures.algorithm", "feedback": "feedback.title", "why": "why.title", "note": "note.heading",
}  # fmt: skip
MOST_NAMED = 4
STATES = ("missing", "ordered", "unread", "done")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its anchor, title, the line that tells it, whether it stands open, its name among the links above."""

    id: str
    title: str
    gist: str
    open: bool

    @property
    def nav(self) -> tuple[str, str]:
        """Anchor, and the key of the short name."""
        return self.id, self.id


def find_parts(page: Page) -> tuple[Part, ...]:
    """The parts that this page has. Open: what its first card is about, and the form that was just sent."""
    first = next((OPENED_BY.get(card.topic, TREATING) for card in page.why.cards), "")
    say = page_texts().say
    return tuple(
        Part(id, say(TITLES[id]), gist(page), id == first or id in page.view.opened)
        for id, gist in GISTS.items()
        if _is_there(page, id)
    )


def _is_there(page: Page, id: str) -> bool:
    given = {"attest": page.view.attest, "feedback": page.view.feedback, "trends": page.trends}
    return bool(page.detail) and bool(given.get(id, True))


def _detail(page: Page) -> Detail:
    if page.detail is None:
        raise ValueError("a page without detail has no parts")
    return page.detail


def _attest(page: Page) -> str:
    """Which statements would settle something today."""
    names = [name for gap in _detail(page).gaps if gap.attest and gap.settles for name in gap.names]
    say = page_texts().say
    return say("gist.attest", names="; ".join(names)) if names else say("gist.attest_none")


def _criteria(page: Page) -> str:
    word = page_texts().label
    return "; ".join(f"{d.short}: {word('status', d.status.value)}" for d in _detail(page).definitions)


def _options(page: Page) -> str:
    options = _detail(page).options
    count = sum(len(group.choices) for group in options.groups)
    running = [choice.title for group in options.groups for choice in group.choices if choice.running]
    more = page_texts().say("gist.running", drugs=", ".join(running)) if running else ""
    return " ".join(filter(None, (page_texts().say("gist.options", n=count), more)))


def _workup(page: Page) -> str:
    states = [item.state for item in _detail(page).workup]
    counts = [f"{states.count(each)} {page_texts().say(f'workup.{each}')}" for each in STATES if each in states]
    return ", ".join(counts) or page_texts().say("workup.none")


def _transplant(page: Page) -> str:
    panel = _detail(page).transplant
    return panel.limited or panel.state


def _flags(page: Page) -> str:
    rows = _detail(page).flags.rows
    met, open_ = (sum(row.status is each for row in rows) for each in (MET, UNKNOWN))
    return page_texts().say("gist.flags", met=met, of=len(rows), unknown=open_)


def _trends(page: Page) -> str:
    pictures = page.trends.pictures if page.trends else ()
    named = [f"{each.title} {each.latest.partition(', ')[0]}" for each in pictures[:MOST_NAMED]]  # without its date
    more = [page_texts().say("standing.further", n=len(pictures) - MOST_NAMED)] if len(pictures) > MOST_NAMED else []
    return "; ".join((*named, *more))


def _algorithm(page: Page) -> str:
    ways = ", ".join(way.title for way in page.algorithm.stage.ways) if page.algorithm else ""
    return page_texts().say("gist.algorithm", stage=page.standing.stage, ways=ways or "–")


def _why(page: Page) -> str:
    changed = len(page.why.overrides)
    say = page_texts().say
    own = say("gist.changed", n=changed) if changed else say("why.no_overrides")
    return say("gist.why", version=page.why.version, own=own)


def _fixed(key: str) -> Callable[[Page], str]:
    return lambda _page: page_texts().say(key)


GISTS: Mapping[str, Callable[[Page], str]] = {
    "attest": _attest, "criteria": _criteria, "options": _options, "workup": _workup, "transplant": _transplant,
    "flags": _flags, "trends": _trends, "algorithm": _algorithm, "feedback": _fixed("gist.feedback"), "why": _why,
    "note": _fixed("gist.note"),
}  # fmt: skip
