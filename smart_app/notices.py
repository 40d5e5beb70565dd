"""What the user is told about how the page was reached: when its session ends, and whether the card still holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rpild_rules.assessment import Assessment
from rpild_rules.facts import Order, PatientFacts, Treatment
from rpild_rules.recommend import Call, choose
from rpild_rules.when import When
from smart_app.opening import Opened
from smart_app.page_texts import page_texts
from smart_app.ports import CardCall, SmartPorts
from smart_app.sources import people


def find_notices(seen: Opened, facts: PatientFacts, assessment: Assessment, ports: SmartPorts) -> tuple[str, ...]:
    """Sentences to show above the page; none where nothing is to be said."""
    say = page_texts().say
    own = [say(f"launch.{each}") for each in seen.launch.notices]
    if seen.launch.ends:
        zone = ports.settings(seen.ehr.name).zone
        own.append(say("launch.session-ends", time=seen.launch.ends.astimezone(zone).strftime("%H:%M")))
    return (*own, *_of_the_card(seen, facts, assessment, ports))


def _of_the_card(seen: Opened, facts: PatientFacts, assessment: Assessment, ports: SmartPorts) -> Iterator[str]:
    """What is to be known by one who followed a card here."""
    launch = seen.launch
    if not launch.hand_over or ports.hand_overs is None:
        return
    then = ports.hand_overs.call(seen.ehr, launch.patient, launch.hand_over)
    if then is None:
        yield page_texts().say("launch.card-not-on-record")
        return
    yield from _since(then, assessment, ports)
    yield from _signed(then, facts, assessment)


def _since(then: CardCall, now: Assessment, ports: SmartPorts) -> Iterator[str]:
    """Like with like: what this page would have shown of the chart that the card saw, and what it shows now.

    Orders being signed are in neither: they are judged at signing only.
    """
    chart = replace(then.facts, drafted_treatments=(), drafted_orders=())
    before, after = (
        {each.topic: each.title for each in choose(one, Call())[0]}
        for one in (ports.assess(chart, then.at), now)
    )
    for key, found, other in (("gone", before, after), ("new", after, before)):
        topics = [title for topic, title in found.items() if topic not in other]
        if topics:
            yield page_texts().say(f"launch.card-{key}", topics="; ".join(topics))


def _signed(then: CardCall, facts: PatientFacts, now: Assessment) -> Iterator[str]:
    names = not_stored(then, facts)
    if names:
        yield page_texts().say("launch.card-orders", orders="; ".join(names), time=now.now.printed)


def not_stored(then: CardCall, facts: PatientFacts) -> tuple[str, ...]:
    """The orders that were being signed when the card came, as far as the chart does not hold them yet."""
    since = When.at(then.at, facts.zone)
    drugs = (t.printed for t in then.facts.drafted_treatments if not _holds_drug(facts, t, since))
    orders = (o.printed for o in then.facts.drafted_orders if not _holds_order(facts, o, since))
    return tuple(dict.fromkeys(people(name) for name in (*drugs, *orders)))


def _holds_drug(facts: PatientFacts, draft: Treatment, since: When) -> bool:
    alike = (each.start for each in facts.treatments if each.ingredients == draft.ingredients)
    return any(start is not None and start.latest >= since.earliest for start in alike)


def _holds_order(facts: PatientFacts, draft: Order, since: When) -> bool:
    alike = (each.authored for each in facts.orders if each.concepts == draft.concepts)
    return any(authored is not None and authored.latest >= since.earliest for authored in alike)
