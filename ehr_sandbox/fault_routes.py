"""The address /faults: what can go wrong, what is switched on, and how to change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from ehr_sandbox.faults import FaultError, Faults
from ehr_sandbox.signing import Signer

OFF = ("off", None, False)
ROTATE, ALL_OFF = "rotate-keys", "all-off"
PLACES = {
    "fhir": "FHIR server",
    "token": "Tokens",
    "authorize": "Authorization",
    "discovery": "Discovery",
}


def fault_blueprint(faults: Faults, signer: Signer) -> Blueprint:
    """GET tells, DELETE ends all; POST takes names and values: `off` ends one, `rotate-keys`, `all-off` act at once."""
    switches = Blueprint("faults", __name__)

    @switches.get("/faults")
    def tell() -> Response | str:
        return _page(faults) if _for_people() else jsonify(faults.overview())

    @switches.post("/faults")
    def change() -> Response | str | AnyResponse:
        _from_here()
        wanted: Any = request.get_json(silent=True) if request.is_json else request.form.to_dict()
        if not isinstance(wanted, dict):
            raise BadRequest("Send a form, or a JSON object of names and values.")
        _apply(faults, signer, wanted)
        return redirect(url_for("faults.tell"), 303) if _for_people() else tell()

    @switches.delete("/faults")
    def clear() -> Response | str:
        _from_here()
        faults.switch_off()
        return tell()

    _reach_every_page(switches, faults, signer)
    return switches


def _reach_every_page(switches: Blueprint, faults: Faults, signer: Signer) -> None:
    @switches.before_app_request
    def by_deep_link() -> AnyResponse | None:
        """`?fault=slow=2,html` of any page of the chart: switched on, and the page opened without it."""
        if not request.path.startswith("/patients/") or "fault" not in request.args:
            return None
        if not is_from_here():
            return redirect(url_for("faults.tell"))
        _apply(faults, signer, dict(_pairs(request.args["fault"])))
        rest = {name: value for name, value in request.args.items() if name != "fault"}
        return redirect(request.path + (f"?{urlencode(rest)}" if rest else ""))

    @switches.app_context_processor
    def switched_on() -> dict[str, list[str]]:
        return {"faults_on": [name for name, each in faults.overview().items() if each["on"]]}


def _for_people() -> bool:
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _page(faults: Faults) -> str:
    return render_template("faults.html", places=PLACES, faults=faults.overview())


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = part.partition("=")
        yield name, value


def is_from_here() -> bool:
    """Whether a person typed the address, or a page of this site sent the request."""
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _from_here() -> None:
    """A page of another site may not switch anything."""
    if not is_from_here():
        raise BadRequest("This request was sent from another site.")


def _apply(faults: Faults, signer: Signer, wanted: dict[str, object]) -> None:
    try:
        for name, value in wanted.items():
            _switch(faults, signer, name, value)
    except FaultError as problem:
        raise BadRequest(str(problem)) from problem


def _switch(faults: Faults, signer: Signer, name: str, value: object) -> None:
    if name == ROTATE:
        return signer.rotate()
    if name == ALL_OFF:
        return faults.switch_off()
    if value in OFF:
        return faults.switch_off(name)
    return faults.switch_on(name, value if isinstance(value, str) else "")
