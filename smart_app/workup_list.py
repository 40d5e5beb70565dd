"""The work-up as a list: missing, on its way, done with the date of its result, and what could not be looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.workup import CATALOGUE, GAS_TRANSFER, LUNG_VOLUMES, Item
from smart_app.ages import Dated, dated
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.when import When

MISSING, ORDERED, DONE, UNREAD = "missing", "ordered", "done", "unread"
RESULTS: Mapping[str, frozenset[str]] = {
    "arterial-gas": frozenset({"pao2"}),
    "lung-function": LUNG_VOLUMES | GAS_TRANSFER,
}


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One item of the work-up: its state, and since when it is ordered or of when its result is."""

    id: str
    name: str
    state: str
    word: str
    when: str = ""


def work_items(s: Situation) -> tuple[WorkItem, ...]:
    """Every item that is asked for here: missing first, then ordered, unread, done."""
    return tuple(_items(s))


def _items(s: Situation) -> Iterator[WorkItem]:
    work, say = s.workup, page_texts().say
    yield from (_item(s, id, MISSING) for id in work.missing)
    yield from (_item(s, id, ORDERED, say("workup.since", date=since)) for id, since in work.ordered)
    yield from (_item(s, id, UNREAD) for id in work.unread)
    open_items = {*work.missing, *work.unread, *(id for id, _ in work.ordered)}
    for item in CATALOGUE:
        if item.id not in open_items and item.asked(s):
            newest = _newest(item, s)
            yield _item(s, item.id, DONE, newest.brief if newest else "")


def _item(s: Situation, id: str, state: str, when: str = "") -> WorkItem:
    return WorkItem(id, s.knowledge.texts.label("item", id), state, page_texts().say(f"workup.{state}"), when)


def _newest(item: Item, s: Situation) -> Dated | None:
    """The date of the newest valid result that answers an item."""
    concepts = RESULTS.get(item.id, item.answered_by)
    times: list[When | None] = [m.when for c in concepts for m in s.facts.by_concept.get(c, []) if m.valid]
    times += [r.when for r in s.facts.results if r.concept in concepts and r.valid]
    times += [d.when for d in s.facts.done if d.concepts & concepts]
    if item.id == "hrct":
        times += [scan.when for scan in s.facts.scans if scan.concept == "ct-chest"]
    known = [when for when in times if when and not when.ahead_of(s.now)]
    return dated(max(known, key=lambda when: when.latest), s.now) if known else None
