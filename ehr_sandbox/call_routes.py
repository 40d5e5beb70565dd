"""Pages behind the chart: one call of a service laid open, and what apps read about a patient."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.exceptions import HTTPException, NotFound

from ehr_sandbox.access_log import AccessLog
from ehr_sandbox.call_view import call_view
from ehr_sandbox.hook_calls import HookCaller
from ehr_sandbox.page_routes import error_page, known

SHOWN = 200


def call_blueprint(caller: HookCaller, log: AccessLog) -> Blueprint:
    """`/exchanges/ID` and `/patients/ID/calls`; with a script the chart shows them in a drawer."""
    calls = Blueprint("calls", __name__)

    @calls.get("/exchanges/<identity>")
    def behind(identity: str) -> str:
        found = caller.exchanges.find(identity)
        if not found:
            raise NotFound("This call is no longer in memory. Open the chart or sign again to make a new one.")
        patient = str(found.request.get("context", {}).get("patientId", ""))
        return render_template("call.html", call=call_view(found, log), patient=patient)

    @calls.get("/patients/<patient>/calls")
    def reads(patient: str) -> str:
        about = known(caller.records.patients, patient)
        return render_template("reads.html", patient=about, reads=log.about(patient)[:SHOWN])

    @calls.errorhandler(HTTPException)
    def failed(problem: HTTPException) -> tuple[str, int]:
        return error_page(problem.name, problem.description or ""), problem.code or 500

    return calls
