"""One patient read twice, without and with a site mapping: which readings and which answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
    lines = [*_compared(_readings(before), _readings(after)), *_compared(_answers(before, now), _answers(after, now))]
    return Change(path.name, patient, tuple(lines))


def _facts(path: Path, patient: str, site: SiteMapping, now: datetime) -> PatientFacts:
    mixed = read_chart_file(path)
    context = ChartContext(patient, now, load_settings().for_hooks().zone, site=site)
    return read_chart(answers_for(mixed, patient, site), context).facts


def _readings(facts: PatientFacts) -> list[str]:
    return [f"{name} {_line(each)}" for name in LISTS for each in getattr(facts, name)]


def _line(fact: Any) -> str:
    names = next(
        (
            found
            for key in ("concept", "concepts", "ingredients", "kind", "element")
            if (found := getattr(fact, key, None))
        ),
        "nothing known",
    )
    said = names if isinstance(names, str) else ", ".join(sorted(names))
    value = getattr(fact, "value", None)
    shown = f"{value} {fact.unit}" if value is not None else getattr(fact, "meaning", "")
    problem = getattr(fact, "problem", None) or getattr(fact, "reason", None)
    return " ".join(filter(None, (fact.reference, said, shown, f"unknown ({problem.value})" if problem else "")))


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


def _compared(before: list[str], after: list[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in before if line not in after)
    yield from (f"+ {line}" for line in after if line not in before)
