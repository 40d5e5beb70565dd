"""`rpild replay --why`: a recorded decision in words: who asked, what was read, how it was judged, what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from rpild_rules.knowledge import Knowledge
from rpild_server.as_read import as_read
from rpild_server.payload import Kept
from rpild_server.replaying import Replayed
from rpild_server.terminal import Screen, Shown, render
from rpild_server.trends import trends


def told(found: Replayed, knowledge: Knowledge, screen: Screen) -> str:
    """The recorded assessment; only names, and the limits marked in trends, are those of the knowledge given."""
    facts, cards = found.kept.inputs.facts, orjson.loads(found.stored)["cards"]
    drawn = trends(facts, knowledge)
    read = as_read(facts, knowledge.texts)
    judged = render(found.kept.assessment, map(_card, cards), drawn, read, screen, knowledge.texts)
    return "\n".join([*_asked(found.kept), *_remembered(found.kept), "", judged])


def _card(sent: dict[str, Any]) -> Shown:
    topic = sent["source"]["topic"]
    return Shown(f"{topic['display']} [{topic['code']}]", sent["indicator"], sent["summary"])


def _asked(kept: Kept) -> Iterator[str]:
    asked = kept.inputs.request
    where = f", encounter {asked.encounter_id}" if asked.encounter_id else ""
    yield f"{asked.service}, asked by {asked.user_id} of {asked.ehr} about patient {asked.patient_id}{where}"
    if kept.versions:
        yield "versions read: " + ", ".join(f"{name}/{version}" for name, version in sorted(kept.versions.items()))


def _remembered(kept: Kept) -> Iterator[str]:
    """What the alert memory held then; it decides what is not repeated."""
    for each in kept.inputs.remembered.alerts:
        whose = "this user" if each.own else "another user"
        overridden = f", overridden {each.overridden:%Y-%m-%d %H:%M} UTC: {each.override}" if each.overridden else ""
        yield f"shown to {whose} before: {each.topic}, {each.sent:%Y-%m-%d %H:%M} UTC{overridden}"
