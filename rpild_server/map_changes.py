"""One patient read twice, without and with a site mapping: which readings and which answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.mixed import answers_for
from fhir_mappings.site_mapping import NO_MAPPING, SiteMapping
from rpild_rules.assess import assess
from rpild_rules.contract import as_contract
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import load_knowledge
from rpild_rules.recommend import Call, choose
from rpild_server.chart_files import read_chart_file
from rpild_server.settings import load_settings

LISTS = (
    "measurements", "results", "diagnoses", "supports", "scans", "treatments", "orders", "done", "limits", "allergies",
    "unreadable",
)  # fmt: skip
NAMED_BY = ("concept", "concepts", "ingredients", "kind", "element")
NOT_KNOWN = "not known to the tables"
LIST_AND_REFERENCE, NAME = 2, 1  # words with which a line begins
GROUPS = ("definitions", "criteria", "flags")


@dataclass(frozen=True, slots=True)
class Change:
    """What changes for one patient of one file: `- ` lines go, `+ ` lines come."""

    file: str
    patient: str
    lines: tuple[str, ...]


def changes_of(path: Path, patient: str, site: SiteMapping, now: datetime) -> Change:
    """The readings and answers that a mapping changes for one patient."""
    before, after = (_facts(path, patient, each, now) for each in (NO_MAPPING, site))
    if before == after:
        return Change(path.name, patient, ())
    readings = _compared(_readings(before), _readings(after), LIST_AND_REFERENCE)
    answers = _compared(_answers(before, now), _answers(after, now), NAME)
    return Change(path.name, patient, (*readings, *answers))


def _facts(path: Path, patient: str, site: SiteMapping, now: datetime) -> PatientFacts:
    mixed = read_chart_file(path)
    context = ChartContext(patient, now, load_settings().for_hooks().zone, site=site)
    return read_chart(answers_for(mixed, patient, site), context).facts


def _readings(facts: PatientFacts) -> list[str]:
    return [f"{name} {_line(each)}" for name in LISTS for each in getattr(facts, name)]


def _line(fact: Any) -> str:
    said = next(getattr(fact, key) for key in NAMED_BY if hasattr(fact, key))
    names = said if isinstance(said, str) else ", ".join(sorted(said))
    value = getattr(fact, "value", None)
    shown = f"{value.normalize():f} {fact.unit}" if isinstance(value, Decimal) else getattr(fact, "meaning", "")
    problem = getattr(fact, "problem", None) or getattr(fact, "reason", None)
    unread = f"unknown ({problem.value})" if problem else ""
    return " ".join(filter(None, (fact.reference, names or NOT_KNOWN, shown, unread)))


def _answers(facts: PatientFacts, now: datetime) -> list[str]:
    assessment = assess(facts, load_knowledge(), now)
    cards, _ = choose(assessment, Call())
    contract = as_contract(assessment, tuple(each.topic for each in cards))
    head = [f"{key} {contract[key]}" for key in ("context", "stage")]
    return [
        *head,
        *(f"{key} {value}" for group in GROUPS for key, value in _statuses(contract[group])),
        *_cards(contract),
    ]


def _statuses(group: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in group.items():
        yield key, str(value["status"] if isinstance(value, dict) else value)


def _cards(contract: dict[str, Any]) -> list[str]:
    return [f"card {topic}" for topic in contract["cards"]]


def _compared(before: list[str], after: list[str], key_words: int) -> Iterator[str]:
    """What goes and what comes, side by side: lines that begin with the same words tell of the same thing."""
    gone, come = ([each for each in one if each not in other] for one, other in ((before, after), (after, before)))
    told: dict[str, list[str]] = {}
    for sign, lines in (("-", gone), ("+", come)):
        for each in lines:
            told.setdefault(" ".join(each.split()[:key_words]), []).append(f"{sign} {each}")
    for lines in told.values():
        yield from lines
