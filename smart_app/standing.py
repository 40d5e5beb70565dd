"""Where this patient stands: the headline, and a few facts to see at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules import results
from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.concepts import DRUG_CLASSES
from rpild_rules.facts import Measurement, recency
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Status
from rpild_rules.gas_exchange import contradicting, index_gas, printed_ratio
from rpild_rules.markers import named
from rpild_rules.oxygen import fraction_of
from rpild_rules.pathway_rows import StageRule
from smart_app.ages import dated
from smart_app.breathing import support_of
from smart_app.headline import find_headline
from smart_app.missing import Act
from smart_app.page_texts import page_texts
from smart_app.sources import converted, people, told, with_sign
from smart_app.standing_notes import find_notes

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

STATUS_WORDS = {MET: "status.met", NOT_MET: "status.not_met", UNKNOWN: "status.unknown"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to see at a glance. `status` draws its shape; empty draws none."""

    label: str
    value: str
    more: str = ""
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The sentence, how loud it is (`critical`, `warning`, `info`, `quiet`; by the first card), the facts beside it.

    `lead` goes before the sentence; `acts` tells that it names the act of the first card. `actions` are what the
    pathway looks at in this stage. `act` is the one that would settle what is open.
    """

    level: str
    level_word: str
    sentence: str
    facts: tuple[Fact, ...]
    stage: str = ""
    actions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    act: Act | None = None
    lead: str = ""
    acts: bool = False


def find_standing(s: Situation, sent: tuple[Recommendation, ...], act: Act | None) -> Standing:
    """The standing of a patient in scope; `sent` are the cards that the page shows, `act` what would settle it."""
    say, level = page_texts().say, sent[0].indicator if sent else "quiet"
    rule, words = s.knowledge.tables.row(StageRule, s.stage), find_headline(s, sent, act)
    stage = s.knowledge.texts.label("stage", s.stage)
    facts, notes = tuple(_facts(s)), find_notes(s)
    return Standing(
        level, say(f"level.{level}"), words.sentence, facts, stage, rule.actions, notes, act, words.lead, words.acts
    )


def out_of_scope(assessment: Assessment) -> Standing:
    """The calm words for a patient whom a gate kept out; never an all-clear."""
    say, gate = page_texts().say, assessment.gate
    return Standing("quiet", say("level.outside"), say("outside.sentence", note=gate.note), ())


def _facts(s: Situation) -> Iterator[Fact]:
    say = page_texts().say
    yield Fact(say("fact.rp"), say(f"fact.rp_{s.rp.value}"), say("fact.rp_by"), s.rp)
    yield _antibody_fact(s)
    onset = s.found["onsetWithinOneMonth"]
    when = dated(s.onset.when, s.now) if s.onset.when else None
    month = say(f"fact.month_{onset.status.value}", limit=_days(s))
    more = f"{when.age}; {month}" if when else month
    yield Fact(say("fact.onset"), when.printed if when else say("fact.unknown"), more)
    yield _gas_fact(s)
    support = support_of(s)
    if support:
        name = s.knowledge.texts.label("support", support.concept)
        yield Fact(say("fact.support"), name, say("fact.start", date=dated(support.start, s.now).brief))
    yield _therapy_fact(s)


def _antibody_fact(s: Situation) -> Fact:
    say, newest = page_texts().say, s.mda5.newest
    status = {"positive": MET, "negative": NOT_MET}.get(s.mda5.state, UNKNOWN)
    more = f"{people(newest.printed)}; {dated(newest.when, s.now).brief}" if newest else ""
    if s.other_antibodies:
        more = "; ".join(filter(None, (more, say("fact.also", names=told(named(s, s.other_antibodies), s)))))
    word = "unread" if s.mda5.state == "none" and s.mda5.reason else s.mda5.state
    return Fact(say("fact.antibody"), say(f"fact.mda5_{word}"), more, status)


def _gas_fact(s: Situation) -> Fact:
    """The gas that the criteria read, with its inspired oxygen."""
    say = page_texts().say
    chosen = index_gas(s.facts, s.now, s.now, s.knowledge)
    gas = chosen.value
    if gas is None:
        return Fact(say("fact.gas"), say("fact.unknown"), told(chosen.what, s))
    others = contradicting(gas, s.facts, s.knowledge, s.now)
    if others:
        return _contradiction([gas, *others], s)
    oxygen = fraction_of(gas, s.facts, s.knowledge, s.now)
    compared = converted(gas)
    more = [say("criteria.compared", value=compared)] if compared else []
    more.append(oxygen.printed)
    if oxygen.value is not None and not oxygen.air:
        more.append(f"P/F {printed_ratio(gas, oxygen.value)}")
    more.append(dated(gas.when, s.now).brief)
    more.append(_failure(s))
    return Fact(say("fact.gas"), people(results.printed(gas)), "; ".join(more))


def _contradiction(gases: list[Measurement], s: Situation) -> Fact:
    """Gases of one hour that contradict each other (K6), in the order of time: none of them is the value."""
    say = page_texts().say
    rows = sorted(gases, key=recency)
    values = " / ".join(people(results.printed(gas)) for gas in rows)
    breathed = [fraction_of(gas, s.facts, s.knowledge, s.now).printed for gas in rows]
    times = (f"{oxygen}, {dated(gas.when, s.now).brief}" for gas, oxygen in zip(rows, breathed, strict=True))
    more = say("fact.gas_conflict_more", times=" / ".join(times))
    return Fact(say("fact.gas"), say("fact.gas_conflict", values=values), f"{more}; {_failure(s)}", UNKNOWN)


def _days(s: Situation) -> str:
    limit = s.knowledge.parameter("one_month_days")
    unit = page_texts().label("unit", limit.unit)
    return page_texts().say("fact.month_limit", days=f"{with_sign(limit)} {unit}")


def _failure(s: Situation) -> str:
    """How respiratory failure stands, with its limits, sign and unit."""
    pao2, ratio = (s.knowledge.parameter(name) for name in ("resp_failure_pao2", "pf_failure"))
    words = (f"{with_sign(each)} {people(each.unit)}" for each in (pao2, ratio))
    limit = page_texts().say("fact.failure_limit", pressure=next(words), ratio=next(words))
    return page_texts().say(f"fact.failure_{s.found['respiratoryFailure'].status.value}", limit=limit)


def _therapy_fact(s: Situation) -> Fact:
    """The drug classes that run, with their starts; absence is claimed only of a list that could be read."""
    say, label = page_texts().say, page_texts().label
    names = sorted(s.therapy.chains, key=list(DRUG_CLASSES).index)
    if names:
        started: dict[str, list[str]] = {}
        for name in names:
            started.setdefault(_start(s, name), []).append(label("drug", name))
        runs = [f"{', '.join(drugs)} {start}" for start, drugs in started.items()]
        more = "; ".join(runs) if len(runs) > 1 else next(iter(started))
        return Fact(say("fact.therapy"), ", ".join(label("drug", name) for name in names), more)
    read = s.facts.read("E-MED") and not s.therapy.unresolved
    return Fact(say("fact.therapy"), say("fact.no_therapy" if read else "fact.therapy_unread"), say("fact.as_read"))


def _start(s: Situation, name: str) -> str:
    chain = s.therapy.chains[name]
    key = "fact.before" if chain.before_edge else "fact.start"
    return page_texts().say(key, date=dated(chain.start, s.now).brief)
