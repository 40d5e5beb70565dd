"""`rpild assess`: a file of FHIR resources in, one patient's assessment out, by the same middle as a hook call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from fhir_mappings.chart import Chart, ChartContext, read_chart
from fhir_mappings.mixed import answers_for
from fhir_mappings.site_mapping import NO_MAPPING, load_site_mapping
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.contract import as_contract
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.recommend import Call, choose
from rpild_server.as_read import as_read
from rpild_server.chart_files import read_chart_file
from rpild_server.settings import Settings, load_settings
from rpild_server.terminal import Screen, Shown, render
from rpild_server.trends import trends


class AssessError(Exception):
    """A file or an option that cannot be assessed; the text says what to give instead."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """One patient's result: the contract's JSON, the cards that opening the chart or signing would show, the facts."""

    contract: dict[str, Any]
    cards: tuple[Recommendation, ...]
    facts: PatientFacts
    knowledge: Knowledge
    assessment: Assessment
    chart: Chart
    patient_id: str
    max_cards: int


def moment(text: str, zone: tzinfo = UTC) -> datetime:
    """A time given on the command line, in this zone where it names none; raises AssessError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise AssessError(f"{text!r} is not a time. Write it as 2026-11-22T09:30:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def assess_file(
    file: Path, patient: str | None, now: datetime, site: Path | None, mapping: Path | None = None
) -> Assessed:
    """The assessment of one patient of a file; raises AssessError naming the ids to choose from."""
    settings, knowledge = load_settings(), load_knowledge(site)
    mixed = read_chart_file(file)
    patient_id = _chosen(patient, mixed.patients, mixed.subjects)
    codes = load_site_mapping(mapping) if mapping else NO_MAPPING
    context = ChartContext(patient_id, now, settings.for_hooks().zone, site=codes)
    chart = read_chart(answers_for(mixed, patient_id, codes), context)
    return _assessed(chart, patient_id, knowledge, now, settings)


def _assessed(chart: Chart, patient_id: str, knowledge: Knowledge, now: datetime, settings: Settings) -> Assessed:
    assessment = assess(chart.facts, knowledge, now)
    cards, _held = choose(assessment, Call(max_cards=settings.max_cards))
    contract = as_contract(assessment, tuple(each.topic for each in cards))
    return Assessed(contract, cards, chart.facts, knowledge, assessment, chart, patient_id, settings.max_cards)


def _chosen(asked: str | None, patients: tuple[str, ...], subjects: tuple[str, ...]) -> str:
    known = sorted({*patients, *subjects})
    if asked is not None and asked in patients:
        return asked
    if asked is not None:
        raise AssessError(f"the file holds no Patient {asked}. Its patients: {', '.join(known) or 'none'}.")
    if not patients:
        raise AssessError(f"the file holds no Patient resource. Patients that it names: {', '.join(known) or 'none'}.")
    if len(known) > 1:
        raise AssessError(f"the file holds several patients. Choose one with --patient: {', '.join(known)}.")
    return known[0]


def report_of(assessed: Assessed, screen: Screen) -> str:
    """The result for people at a terminal."""
    drawn = trends(assessed.facts, assessed.knowledge)
    cards = (Shown(f"{each.title} [{each.topic}]", each.indicator, each.summary) for each in assessed.cards)
    texts = assessed.knowledge.texts
    return render(assessed.contract, cards, drawn, as_read(assessed.facts, texts), screen, texts)
