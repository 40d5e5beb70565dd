"""Where the text allows two readings, or a difference is known: which disagreements are explained, and by what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.oracle.generate import Story


@dataclass(frozen=True)
class Reading:
    """One explained difference: the fields it shows in, what the chart must contain, both readings."""

    id: str
    fields: str
    chart: str
    text: str
    reason_only: bool = False  # the status is the same: only the reason differs, and with it the card dataQuality


# None is open: what the text leaves open was decided, written down at the rule, and followed by both sides.
READINGS: tuple[Reading, ...] = ()


def explanation(story: Story, difference: tuple[str, Any, Any]) -> str:
    """The id of the reading that explains a disagreement, or nothing."""
    chart = "\n".join(story.lines)
    fitting = (r for r in READINGS if re.fullmatch(r.fields, difference[0]) and re.search(r.chart, chart))
    return next((r.id for r in fitting if not r.reason_only or only_the_reason(*difference[1:])), "")


def only_the_reason(mine: Any, theirs: Any) -> bool:
    """Both unknown, or the same cards but for dataQuality."""
    if isinstance(mine, tuple):
        return bool(mine[0] == theirs[0] == "unknown")
    return isinstance(mine, list) and set(mine) ^ set(theirs) == {"dataQuality"}
