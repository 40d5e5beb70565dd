"""Apps in the chart: launched for its patient, in a frame, from the chart itself or from a card's link."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from ehr_sandbox.authorization.launching import Launcher, LaunchError
from ehr_sandbox.exchanges import Exchanges
from ehr_sandbox.fhir_json import Json
from ehr_sandbox.page_routes import error_page
from ehr_sandbox.smart_links import smart_link


def app_blueprint(launcher: Launcher, exchanges: Exchanges) -> Blueprint:
    """`/patients/ID/app`: the first registered app; with `exchange` and `card`, the app that this card links to."""
    apps = Blueprint("apps", __name__)

    @apps.get("/patients/<patient>/app")
    def open_app(patient: str) -> str:
        link = _link_of(exchanges, request.args.get("exchange", ""), request.args.get("card", ""))
        try:
            client = launcher.client_at(str(link.get("url"))) if link else ""
            source = launcher.launch_url(patient, link.get("appContext"), request.args.get("intent"), client)
        except LaunchError as problem:
            raise NotFound(str(problem)) from problem
        return render_template("app.html", patient=launcher.records.patients[patient], source=source)

    @apps.errorhandler(HTTPException)
    def failed(problem: HTTPException) -> tuple[str, int]:
        return error_page(problem.name, problem.description or ""), problem.code or 500

    return apps


def _link_of(exchanges: Exchanges, exchange: str, card: str) -> Json:
    """The SMART link of a card; empty where none was followed."""
    if not exchange:
        return {}
    known = exchanges.find(exchange)
    found = known.card(card) if known else None
    link = smart_link(found or {})
    if not link:
        raise BadRequest(
            "This card is no longer in memory, or it links to no app. Open the app from the chart instead."
        )
    return link
