"""Charts to look at: in words, or those of the demo EHR; and the HTML of their pictures, parsed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace

from ehr_sandbox.bundles import collection
from ehr_sandbox.charting import load_patients
from ehr_sandbox.records import Records
from fhir_mappings.chart import ChartContext, read_chart
from fhir_mappings.mixed import answers_for, read_bundle
from fhir_mappings.site_mapping import NO_MAPPING
from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import load_knowledge
from smart_app.algorithm_picture import draw_algorithm
from smart_app.rendering import render
from smart_app.trend_pictures import Trends, draw_trends
from tests.rules.charts import NOW, chart

KNOWLEDGE = load_knowledge()
PATIENTS = tuple(patient.id for patient in load_patients())
UNITS = {"ferritin": "ng/mL", "ldh": "U/L", "crp": "mg/L", "lymphocytes-abs": "10*9/L", "pao2": "mm[Hg]", "fvc": "L"}
VOID = {"meta", "link", "input", "br", "img"}


def seen(*lines: str) -> tuple[Assessment, PatientFacts]:
    """A chart in words (tests/rules/charts.py) with the units of its concepts, and its assessment."""
    plain = chart(*lines)
    measured = tuple(replace(m, unit=UNITS.get(m.concept, m.unit)) for m in plain.measurements)
    facts = replace(plain, measurements=measured)
    return assess(facts, KNOWLEDGE, NOW), facts


def trends_of(*lines: str) -> Trends:
    """The trends of a chart in words, which holds at least one result."""
    drawn = draw_trends(*seen(*lines))
    assert drawn
    return drawn


@cache
def demo(patient: str) -> tuple[Assessment, PatientFacts]:
    """A patient of the demo EHR, read as from a file."""
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    records = Records(load_patients(), now=lambda: now)
    mixed = read_bundle(json.dumps(collection(records.chart(patient), "http://localhost/fhir")).encode())
    context = ChartContext(patient, now, UTC, site=NO_MAPPING)
    facts = read_chart(answers_for(mixed, patient, NO_MAPPING), context).facts
    return assess(facts, KNOWLEDGE, now), facts


def pictures_html(assessment: Assessment, facts: PatientFacts) -> str:
    """Both pictures as the page holds them."""
    page = SimpleNamespace(algorithm=draw_algorithm(assessment), trends=draw_trends(assessment, facts))
    view = SimpleNamespace(
        base="", basis="", asset=lambda name: f"/static/{name}", link=lambda reference: f"http://ehr/{reference}"
    )
    parts = ("algorithm", "trends") if page.trends else ("algorithm",)
    return "".join(f'<section id="{part}">{render(f"_{part}.html", page=page, view=view)}</section>' for part in parts)


@dataclass
class Seen(HTMLParser):
    """What an HTML text is made of: elements with attributes, words, and elements left open."""

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def having(self, attribute: str) -> list[str]:
        return [str(attributes[attribute]) for _, attributes in self.elements if attribute in attributes]
