"""The pages of the demo EHR: the patient list and the chart with its order pad."""

from __future__ import annotations

import json

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from ehr_sandbox.card_view import exchange_views
from ehr_sandbox.chart_actions import ActionError, Desk, act, desk_of
from ehr_sandbox.chart_view import chart_view
from ehr_sandbox.charting import PatientFile
from ehr_sandbox.hook_calls import HookCaller
from ehr_sandbox.order_pad import catalogue, groups, name_of


def page_blueprint(caller: HookCaller) -> Blueprint:
    """Routes for people. State travels in the page's one form, so everything works without JavaScript too."""
    pages = Blueprint("pages", __name__)
    patients = caller.records.patients

    @pages.get("/")
    def patient_list() -> str | AnyResponse:
        chosen = request.args.get("patient")
        if chosen:
            order, hook = request.args.get("order"), request.args.get("hook")
            return redirect(url_for("pages.chart", patient=chosen, order=order, hook=hook))
        return render_template("patients.html", patients=patients.values(), orders=catalogue())

    @pages.get("/patients/<patient>")
    def chart(patient: str) -> str | AnyResponse:
        if request.args.get("tab") == "app":
            rest = {name: value for name, value in request.args.items() if name != "tab"}
            return redirect(url_for("apps.open_app", patient=patient, **rest))  # type: ignore[arg-type]
        desk = desk_of(caller, known(patients, patient).id, request.args)
        if request.args.get("hook"):
            act(caller, desk, request.args["hook"], request.args)
        return _page(caller, desk)

    @pages.post("/patients/<patient>")
    def press(patient: str) -> str:
        desk = desk_of(caller, known(patients, patient).id, request.form)
        act(caller, desk, request.form.get("do", ""), request.form)
        return _page(caller, desk)

    _guard(pages)
    return pages


def _guard(pages: Blueprint) -> None:
    @pages.before_request
    def only_from_here() -> None:
        """A foreign page may not press buttons in this one."""
        sender = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method == "POST" and sender not in ("same-origin", "none"):
            raise BadRequest("This form was sent from another site. Press the button on the chart page itself.")

    @pages.errorhandler(ActionError)
    def refused(problem: ActionError) -> tuple[str, int]:
        return error_page("This cannot be done", str(problem)), 400

    @pages.errorhandler(HTTPException)
    def failed(problem: HTTPException) -> tuple[str, int] | Response:
        return error_page(problem.name, problem.description or ""), problem.code or 500


def error_page(title: str, text: str) -> str:
    """A page that says what is wrong and leads back."""
    return render_template("problem.html", title=title, text=text)


def known(patients: dict[str, PatientFile], patient: str) -> PatientFile:
    """The patient of this id; raises NotFound naming those that there are."""
    if patient not in patients:
        raise NotFound(f"There is no patient {patient!r}. Patients are: {', '.join(patients)}.")
    return patients[patient]


def _page(caller: HookCaller, desk: Desk) -> str:
    """The chart page in one piece; a script may take only the changed regions from it."""
    now = caller.records.now()
    return render_template(
        "chart.html",
        patient=caller.records.patients[desk.patient],
        chart=chart_view(caller.records.chart(desk.patient), now.date()),
        groups=groups(),
        desk=desk,
        suggested=[(json.dumps(each), name_of(each)) for each in desk.suggested],
        exchanges=exchange_views(desk.exchanges),
        fresh=request.method == "GET" and not request.args.get("hook"),
    )
