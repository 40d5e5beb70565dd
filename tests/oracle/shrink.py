"""A disagreeing chart made as small as it stays disagreeing, and told in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rpild_rules.knowledge import Knowledge
from tests.oracle.compare import Difference, differences
from tests.oracle.generate import Story


def shrunk(story: Story, name: str, knowledge: Knowledge) -> Story:
    """Without every line, word, age and sex that the disagreement does not need."""
    smaller = next((s for s in _smaller(story) if _still(s, name, knowledge)), None)
    while smaller is not None:
        story = smaller
        smaller = next((s for s in _smaller(story) if _still(s, name, knowledge)), None)
    return story


def _smaller(story: Story) -> Iterator[Story]:
    lines = story.lines
    yield from (replace(story, lines=lines[:n] + lines[n + 1 :]) for n in range(len(lines)))
    for n, line in enumerate(lines):
        words = line.split()
        optional = [w for w in words[2:] if "=" in w]
        yield from (
            replace(story, lines=(*lines[:n], " ".join(x for x in words if x != w), *lines[n + 1 :])) for w in optional
        )
    if story.age != Story.age or story.sex != Story.sex:
        yield replace(story, age=Story.age, sex=Story.sex)


def _still(story: Story, name: str, knowledge: Knowledge) -> bool:
    try:
        return any(found == name for found, _, _ in differences(story, knowledge))
    except (ValueError, KeyError):
        return False  # a line without the word it needs is no chart


def told(story: Story, difference: Difference) -> str:
    """Field, both answers and the chart."""
    name, mine, theirs = difference
    person = f"    age {story.age}, {story.sex}"
    return "\n".join(
        [
            f"{name}: oracle {_brief(mine, theirs)}, rules {_brief(theirs, mine)}",
            person,
            *(f"    {line}" for line in story.lines),
        ]
    )


def _brief(value: Any, other: Any) -> Any:
    """Long lists show only what the other side lacks."""
    if isinstance(value, list) and isinstance(other, list) and len(value) > 3:
        return sorted(set(value) - set(other))
    return value
