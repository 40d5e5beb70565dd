"""The page of one launch: its chart read now, assessed now, shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from flask import Blueprint, Response, request

from smart_app.attest_panel import Again
from smart_app.beside import with_forms
from smart_app.note_text import note_text
from smart_app.notices import find_notices
from smart_app.opening import opened
from smart_app.packing import packed
from smart_app.page import Page, View, compose_page
from smart_app.patient_chart import read_patient_chart
from smart_app.ports import SmartPorts
from smart_app.rendering import render_basis, render_page, render_values, warm_up
from smart_app.statement_routes import add_statement_routes

BASIS = "/smart/basis"


def add_page_routes(blueprint: Blueprint, ports: SmartPorts) -> None:
    """What stands below /app/<launch_id>/; every template is compiled before the first visit."""
    warm_up()
    blueprint.add_url_rule("/app/<launch_id>/", "page", partial(page, ports=ports), methods=["GET"])
    made = lru_cache(maxsize=1)(partial(render_basis, ports.knowledge, View(asset=ports.asset)))
    blueprint.add_url_rule(BASIS, "basis", partial(basis, made), methods=["GET"])
    blueprint.add_url_rule("/app/<launch_id>/note", "note", partial(note, ports=ports), methods=["GET"])
    blueprint.add_url_rule("/app/<launch_id>/values", "values", partial(values, ports=ports), methods=["GET"])
    add_statement_routes(blueprint, ports, show_again)


def basis(made: Callable[[], str]) -> Response:
    """What stands behind every page alike: of no patient, so that it needs no launch."""
    answer = packed(made(), "text/html")
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def page(launch_id: str, ports: SmartPorts) -> Response:
    """The page; after a form with a word on how it ended."""
    return packed(render_page(page_of(launch_id, ports, forms=True, done=request.args.get("done", ""))), "text/html")


def show_again(launch_id: str, ports: SmartPorts, again: Again) -> Response:
    """The page with a form that could not be taken."""
    return packed(render_page(page_of(launch_id, ports, forms=True, again=again)), "text/html")


def note(launch_id: str, ports: SmartPorts) -> Response:
    """The same as plain text, for the clinician's own note."""
    return packed(note_text(page_of(launch_id, ports)), "text/plain")


def values(launch_id: str, ports: SmartPorts) -> Response:
    """Every value of the trends, of which the page shows the newest."""
    return packed(render_values(page_of(launch_id, ports)), "text/html")


def page_of(launch_id: str, ports: SmartPorts, forms: bool = False, done: str = "", again: Again | None = None) -> Page:
    """The page of this launch, from its chart as it is now; with `forms` as a view by its user."""
    seen = opened(launch_id, ports)
    patient = read_patient_chart(seen, ports)
    own = ports.settings(seen.ehr.name)
    assessment = ports.assess(replace(patient.chart.facts, offers=own.lab_offers), patient.read_at)
    view = View(
        base=f"/app/{launch_id}/",
        csrf=seen.csrf,
        user=seen.launch.user_name,
        asset=ports.asset,
        notices=find_notices(seen, patient.chart.facts, assessment, ports),
        max_cards=own.max_cards,
        smart_style=f"/app/{launch_id}/style.css" if seen.launch.style else "",
        basis=BASIS,
        resource_url=own.resource_url or f"{seen.launch.server}/{{reference}}",
    )
    if forms:
        view = with_forms(view, seen, patient, assessment, ports, done, again)
    return compose_page(patient, assessment, view)
