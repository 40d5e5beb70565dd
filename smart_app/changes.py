"""What is new since the last view of the page: only ids, statuses, context and stage are kept and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rpild_rules.assessment import Assessment
from rpild_rules.texts import Texts

SECTIONS = ("definition", "criterion", "flag")
FORM = 1  # of what is stored; a view stored in another form is as if there were none


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page has shown: contract words of stage and context, the status of each finding by its id, and when."""

    at: datetime
    stage: str
    context: str
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise now. `kind` is `stage`, `context` or `finding`; of a finding `before` and `after` are
    contract statuses, or empty where it was not judged; else they are labels.
    """

    kind: str
    name: str
    before: str
    after: str


def seen_in(assessment: Assessment) -> Seen:
    """What a page about this assessment shows."""
    statuses = {finding.id: finding.status.value for finding in assessment.findings}
    return Seen(assessment.now.latest, assessment.stage, assessment.context, statuses)


def changes(before: Seen, now: Seen, texts: Texts) -> tuple[Change, ...]:
    """The differences, stage and context first, then findings in the order of the page."""
    return tuple(_changes(before, now, texts))


def _changes(before: Seen, now: Seen, texts: Texts) -> Iterator[Change]:
    for kind in ("stage", "context"):
        old, new = getattr(before, kind), getattr(now, kind)
        if old != new:
            yield Change(kind, kind, texts.label(kind, old), texts.label(kind, new))
    for id in dict.fromkeys((*now.statuses, *before.statuses)):
        was, is_now = before.statuses.get(id, ""), now.statuses.get(id, "")
        if was != is_now:
            yield Change("finding", _name(id, texts), was, is_now)


def _name(id: str, texts: Texts) -> str:
    return next((texts.label(section, id) for section in SECTIONS if id in texts.sections[section]), id)


def pack_view(seen: Seen) -> bytes:
    """A view as it is stored."""
    return json.dumps(
        {"form": FORM, "at": seen.at.isoformat(), "stage": seen.stage, "context": seen.context}
        | {"statuses": dict(seen.statuses)}
    ).encode()


def unpack_view(stored: bytes | None) -> Seen | None:
    """The view back; None if there is none, or another version of the program stored it in another form."""
    content: dict[str, Any] = json.loads(stored) if stored else {}
    if content.pop("form", 0) != FORM:
        return None
    return Seen(**content | {"at": datetime.fromisoformat(content["at"])})
