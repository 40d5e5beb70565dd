"""The FHIR R4 server: read, search by GET and POST, a whole chart by $everything, and /metadata."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from ehr_sandbox.bundles import collection, searchset
from ehr_sandbox.capability import capability_statement
from ehr_sandbox.fhir_json import FHIR_JSON, Json, outcome
from ehr_sandbox.records import Records
from ehr_sandbox.search import Pairs, SearchError, offered, search


class NotHereError(LookupError):
    """A type or resource that this server does not hold."""


def fhir_blueprint(records: Records, base: str) -> Blueprint:
    """Routes under /fhir; `base` is the absolute FHIR base address, without a slash at the end."""
    fhir = Blueprint("fhir", __name__, url_prefix="/fhir")

    @fhir.get("/metadata")
    def metadata() -> Response:
        return answer(capability_statement(base, records.now()))

    @fhir.get("/<kind>/<identity>")
    def read(kind: str, identity: str) -> Response:
        return answer(_read(records, kind, identity))

    @fhir.get("/Patient/<identity>/$everything")
    def everything(identity: str) -> Response:
        _read(records, "Patient", identity)
        return answer(collection(records.chart(identity), base))

    @fhir.get("/<kind>")
    def find(kind: str) -> Response:
        return answer(search_page(records, kind, list(request.args.items(multi=True)), base))

    @fhir.post("/<kind>/_search")
    def find_by_form(kind: str) -> Response:
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        return answer(search_page(records, kind, pairs, base))

    _handle_errors(fhir)
    return fhir


def _handle_errors(fhir: Blueprint) -> None:
    @fhir.errorhandler(SearchError)
    def refused(problem: SearchError) -> Response:
        return answer(outcome(problem.code, str(problem)), 400)

    @fhir.errorhandler(NotHereError)
    def missing(problem: NotHereError) -> Response:
        return answer(outcome("not-found", str(problem)), 404)

    @fhir.errorhandler(HTTPException)
    def other(problem: HTTPException) -> Response:
        return answer(outcome("processing", problem.description or problem.name), problem.code or 500)

    @fhir.after_request
    def open_to_browsers(response: Response) -> Response:
        """An open server with synthetic data: any web client may read it."""
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
        response.headers["Cache-Control"] = "no-store"
        return response


def search_page(records: Records, kind: str, query: Pairs, base: str) -> Json:
    """One page of a search as a Bundle. Raises NotHereError, SearchError."""
    _known(kind)
    return searchset(search(records.of_type(kind), kind, query), kind, query, base)


def _read(records: Records, kind: str, identity: str) -> Json:
    _known(kind)
    found = records.read(kind, identity)
    if found is None:
        raise NotHereError(f"{kind}/{identity} is not in this record")
    return found


def _known(kind: str) -> None:
    if kind not in offered():
        raise NotHereError(f"this server holds no {kind}; it holds {', '.join(sorted(offered()))}")


def answer(body: Json, status: int = 200) -> Response:
    """A FHIR response."""
    response = jsonify(body)
    response.status_code, response.content_type = status, FHIR_JSON
    return response
