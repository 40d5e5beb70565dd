"""Pages to look at: of charts in words (tests/rules/charts.py) and of the demo EHR's patients, as values or HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from fhir_mappings.identity import Identity
from rpild_rules.assessment import Assessment, Situation
from rpild_rules.facts import PatientFacts
from smart_app.page import Page, View, compose_page
from smart_app.rendering import render_page
from tests.rules.charts import NOW
from tests.smart.pictures.looking import Seen, demo, seen

WHO = Identity("Test Person", "1976-10-14", "female", "MRN-1")
POSITIVE = "test anti-mda5-qual positive @-14d"
NEGATIVE = "test anti-mda5-qual negative @-14d"
ONSET = "condition dyspnea @-18D"
FALL = ("fvc 3.00 @-23d", "fvc 2.60 @-1d")
MET = (POSITIVE, ONSET, *FALL)
TREATED = ("drug prednisolone @-8d mg=60", "drug tacrolimus @-8d mg=4")


@dataclass(frozen=True)
class Patient:
    """A chart as if it had been read."""

    chart: Any
    identity: Identity = WHO
    read_at: datetime = NOW
    not_permitted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def asset(name: str) -> str:
    return f"/static/{name}"


def situation(*lines: str) -> Situation:
    """What is concluded of a patient in scope."""
    found = seen(*lines)[0].situation
    assert found, "out of scope"
    return found


def page(*lines: str, patient: dict[str, Any] | None = None, **view: Any) -> Page:
    """The page of a chart in words."""
    return of(*seen(*lines), patient, **view)


def demo_page(name: str, **view: Any) -> Page:
    """The page of a patient of the demo EHR."""
    return of(*demo(name), None, **view)


def of(assessment: Assessment, facts: PatientFacts, patient: dict[str, Any] | None = None, **view: Any) -> Page:
    person = replace(Patient(SimpleNamespace(facts=facts)), **(patient or {}))
    return compose_page(
        person, assessment, View(**({"base": "/app/x/", "basis": "/smart/basis", "csrf": "c", "asset": asset} | view))
    )


def html(one: Page) -> Seen:
    """The page as HTML, parsed."""
    return Seen(render_page(one))


def words(one: Page) -> str:
    """Everything that the page says, on one line."""
    return " ".join(" ".join(html(one).words).split())
