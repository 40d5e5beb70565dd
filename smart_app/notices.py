"""What the user is told about how the page was reached: when its session ends, and whether the card still holds."""

from __future__ import annotations

from collections.abc import Iterator

from rpild_rules.assessment import Assessment
from rpild_rules.recommend import Call, choose
from smart_app.opening import Opened
from smart_app.page_texts import page_texts
from smart_app.ports import SmartPorts


def find_notices(seen: Opened, assessment: Assessment, ports: SmartPorts) -> tuple[str, ...]:
    """Sentences to show above the page; none where nothing is to be said."""
    say = page_texts().say
    own = [say(f"launch.{each}") for each in seen.launch.notices]
    if seen.launch.ends:
        zone = ports.settings(seen.ehr.name).zone
        own.append(say("launch.session-ends", time=seen.launch.ends.astimezone(zone).strftime("%H:%M")))
    return (*own, *_since_the_card(seen, assessment, ports))


def _since_the_card(seen: Opened, assessment: Assessment, ports: SmartPorts) -> Iterator[str]:
    """The difference between what the rules found at the card's call and what they find now."""
    launch, say = seen.launch, page_texts().say
    if not launch.hand_over or ports.hand_overs is None:
        return
    then = ports.hand_overs.topics(seen.ehr, launch.patient, launch.hand_over)
    if then is None:
        yield say("launch.card-not-on-record")
        return
    now = {each.topic: each.title for each in choose(assessment, Call())[0]}
    known = ports.knowledge.texts.topics
    gone = [known[each].title if each in known else each for each in then if each not in now]
    new = [title for topic, title in now.items() if topic not in then]
    if gone:
        yield say("launch.card-gone", topics="; ".join(gone))
    if new:
        yield say("launch.card-new", topics="; ".join(new))
