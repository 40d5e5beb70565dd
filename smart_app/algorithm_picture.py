"""The pathway as a picture: all stages and ways, where the patient stands, what led there and what may come next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rpild_rules.assessment import Assessment
from rpild_rules.knowledge import Knowledge
from rpild_rules.pathway import STAGES
from rpild_rules.pathway_rows import Node, StageRule, Transition
from smart_app.algorithm_layout import Layout, Line, Rect, hub, layout
from smart_app.picture_texts import say
from smart_app.stage_basis import Basis, basis_of

HERE, NEXT, OTHER = "here", "next", "other"
OUTSIDE = "outOfScope"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of a title and its base line."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """One stage in a picture. `state`: `here`, `next` or `other`; `number` of the way that leads to it, if one does.

    `out` and `back` tell ways to and from the hub, drawn as marks.
    """

    id: str
    rect: Rect
    title: tuple[Text, ...]
    note: Text | None
    state: str
    number: int
    out: bool
    back: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """One of the two pictures; ways and their arrow heads as one path each, those from the patient's stage apart."""

    layout: Layout
    boxes: tuple[Box, ...]
    ways: str
    heads: str
    next_ways: str
    next_heads: str


@dataclass(frozen=True, slots=True)
class WayText:
    """A way in words: where it leads and what opens it."""

    end: str
    title: str
    when: str


@dataclass(frozen=True, slots=True)
class StageText:
    """A stage in words: rule of entry and exit, what the page offers, the nodes of the source graphs, ways out."""

    rule: StageRule
    title: str
    state: str
    nodes: tuple[Node, ...]
    ways: tuple[WayText, ...]


@dataclass(frozen=True, slots=True)
class AlgorithmPicture:
    """Both pictures and the same in words. `before` are the stages that were looked for first and not found."""

    stage: StageText
    wide: Drawing
    tall: Drawing
    text: str
    led: tuple[Basis, ...]
    before: tuple[str, ...]
    hub: str

    def say(self, key: str, **values: object) -> str:
        """A fixed text around the picture."""
        return say(key, **values)


def draw_algorithm(assessment: Assessment) -> AlgorithmPicture:
    """The picture of one assessment, out of scope included; the same for the same assessment."""
    knowledge, current = assessment.knowledge, assessment.stage
    ways = {(each.start, each.end): each for each in knowledge.tables.of(Transition).values()}
    numbers = {end: n for n, (_, end) in enumerate((way for way in ways if way[0] == current), 1)}
    stages = {id: _stage(knowledge, id, current, numbers) for id in knowledge.tables.of(StageRule)}
    drawn = (_drawing(layout(name, tuple(ways)), stages, numbers) for name in ("wide", "tall"))
    titles = ", ".join(way.title for way in stages[current].ways) or say("algorithm.no_way")
    return AlgorithmPicture(
        stage=stages[current], wide=next(drawn), tall=next(drawn),
        text=say("algorithm.picture_text", count=len(stages), stage=stages[current].title, next=titles),
        led=basis_of(assessment), before=tuple(stages[id].title for id in _before(current)), hub=stages[hub()].title,
    )  # fmt: skip


def stages_in_words(knowledge: Knowledge) -> tuple[StageText, ...]:
    """All stages, of no patient."""
    return tuple(_stage(knowledge, id, "", {}) for id in knowledge.tables.of(StageRule))


def _before(current: str) -> Iterator[str]:
    """The stages that are tried before the one that holds; outside of them nothing is tried."""
    names = [stage.name for stage in STAGES]
    yield from names[: names.index(current)] if current in names else ()


def _stage(knowledge: Knowledge, id: str, current: str, numbers: Mapping[str, int]) -> StageText:
    tables, label = knowledge.tables, knowledge.texts.label
    out = (each for each in tables.of(Transition).values() if each.start == id)
    return StageText(
        tables.row(StageRule, id), label("stage", id), HERE if id == current else NEXT if id in numbers else OTHER,
        tuple(node for node in tables.of(Node).values() if id in node.stages),
        tuple(WayText(each.end, label("stage", each.end), each.when) for each in out),
    )  # fmt: skip


def _drawing(layout: Layout, stages: Mapping[str, StageText], numbers: Mapping[str, int]) -> Drawing:
    boxes = tuple(_box(layout, stage, stages, numbers) for stage in stages.values())
    current = [line for (start, _), line in layout.lines.items() if stages[start].state == HERE]
    others = [line for line in layout.lines.values() if line not in current]
    return Drawing(layout, boxes, *_paths(others), *_paths(current))


def _paths(lines: list[Line]) -> tuple[str, str]:
    return "".join(line.path for line in lines), "".join(line.head for line in lines)


def _box(layout: Layout, stage: StageText, stages: Mapping[str, StageText], numbers: Mapping[str, int]) -> Box:
    id, rect = stage.rule.id, layout.boxes[stage.rule.id]
    lines = [*layout.wrapped(stage.title, id), *_notes(stage)]
    top = rect.middle[1] - layout.line * (len(lines) - 1) / 2 + layout.line / 3
    texts = [Text(round(top + n * layout.line, 1), line) for n, line in enumerate(lines)]
    noted = len(texts) - len(_notes(stage))
    back = any(way.end == id for way in stages[hub()].ways)
    out = any(way.end == hub() for way in stage.ways)
    note = texts[noted] if noted < len(texts) else None
    return Box(id, rect, tuple(texts[:noted]), note, stage.state, numbers.get(id, 0), out, back)


def _notes(stage: StageText) -> list[str]:
    """The line under a title: where the patient is, and what leads to the hub."""
    if stage.state == HERE:
        return [say("algorithm.here")]
    return [say("algorithm.hub_note")] if stage.rule.id == hub() else []
