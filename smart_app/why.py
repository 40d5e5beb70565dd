"""Why a card is shown: its words, its sources, the knowledge in force, a site's changes, limits of use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpild_rules.assessment import Recommendation, Section
from rpild_rules.knowledge import Knowledge, Override
from rpild_rules.source_attributes import family_of
from smart_app.page_texts import page_texts
from smart_app.sources import people

LINKED = ("https://",)


@dataclass(frozen=True, slots=True)
class Cited:
    """One source: what it is, how far it was checked, where to read it."""

    id: str
    title: str
    kind: str
    n: str
    mark: str
    caveat: str
    link: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """One card as it is sent: indicator, summary, its sections, and the answers of its family."""

    topic: str
    title: str
    indicator: str
    level: str
    summary: str
    sections: tuple[Section, ...]
    cited: tuple[Cited, ...]
    family: str


@dataclass(frozen=True, slots=True)
class Why:
    """The basis of everything on the page."""

    cards: tuple[CardShown, ...]
    families: tuple[tuple[str, str], ...]
    version: str
    sha256: str
    overrides: tuple[tuple[Override, str], ...]
    limits_of_use: tuple[str, ...]
    proposed: int
    published: int


def find_why(sent: tuple[Recommendation, ...], knowledge: Knowledge) -> Why:
    """The cards shown with what stands behind them."""
    families = {family.id: family for family in (family_of(card.topic, knowledge) for card in sent)}
    parameters = knowledge.parameters.values()
    return Why(
        tuple(_card(each, knowledge) for each in sent),
        tuple((each.id, each.title) for each in families.values()),
        knowledge.version, knowledge.sha256,
        tuple((each, knowledge.parameter(each.name).title) for each in knowledge.overrides),
        page_texts().lines("why.limits_of_use"),
        sum(each.status == "proposed" for each in parameters), sum(each.status == "published" for each in parameters),
    )  # fmt: skip


def _card(r: Recommendation, knowledge: Knowledge) -> CardShown:
    sections = tuple(Section(part.title, tuple(map(people, part.lines))) for part in r.sections)
    return CardShown(
        r.topic, r.title, r.indicator, page_texts().say(f"level.{r.indicator}"), r.summary, sections,
        tuple(cited(r.sources, knowledge)), family_of(r.topic, knowledge).id,
    )  # fmt: skip


def cited(ids: Iterable[str], knowledge: Knowledge) -> Iterable[Cited]:
    """Sources by their ids."""
    for id in ids:
        each = knowledge.reference(id)
        link = each.link or (f"https://doi.org/{each.doi}" if each.doi else "")
        safe = link if link.startswith(LINKED) else ""
        yield Cited(id, each.cited, each.kind, each.n, each.mark, each.caveat, safe)
