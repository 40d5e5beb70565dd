"""The address /faults: what can go wrong, what is switched on, and how to change it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from ehr_sandbox.faults import FaultError, Faults
from ehr_sandbox.signing import Signer

OFF = ("off", None, False)
ROTATE = "rotate-keys"


def fault_blueprint(faults: Faults, signer: Signer) -> Blueprint:
    """GET tells; POST takes names and values (`off` ends one, `rotate-keys` is done at once); DELETE ends all."""
    switches = Blueprint("faults", __name__)

    @switches.get("/faults")
    def tell() -> Response:
        return jsonify(faults.overview())

    @switches.post("/faults")
    def change() -> Response:
        _from_here()
        wanted: Any = request.get_json(silent=True) if request.is_json else request.form.to_dict()
        if not isinstance(wanted, dict):
            raise BadRequest("Send a form, or a JSON object of names and values.")
        _apply(faults, signer, wanted)
        return tell()

    @switches.delete("/faults")
    def clear() -> Response:
        _from_here()
        faults.switch_off()
        return tell()

    return switches


def _from_here() -> None:
    """A page of another site may not switch anything."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
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
    if value in OFF:
        return faults.switch_off(name)
    return faults.switch_on(name, value if isinstance(value, str) else "")
