"""The FHIR R4 server: read, search by GET and POST, a whole chart by $everything, /metadata; who may see what."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from ehr_sandbox.authorization.access import Access, ForbiddenError, Gate, TokenNeededError
from ehr_sandbox.bundles import collection, searchset
from ehr_sandbox.capability import capability_statement
from ehr_sandbox.faults import FaultError, Faults
from ehr_sandbox.fhir_faults import ill_answer, paging_answer, shortened, spoilt
from ehr_sandbox.fhir_json import FHIR_JSON, Json, outcome
from ehr_sandbox.records import Records
from ehr_sandbox.search import Pairs, SearchError, offered, search


class NotHereError(LookupError):
    """A type or resource that this server does not hold."""


@dataclass(frozen=True)
class Door:
    """One FHIR base: its name, path and absolute address (no slash at the end), who may come in, what goes wrong."""

    name: str
    path: str
    base: str
    gate: Gate
    faults: Faults
    authorization: Json | None = None

    def access(self) -> Access:
        """What the request in hand may do here. Raises TokenNeededError."""
        access = self.gate(request.headers.get("Authorization"))
        g.patient = access.patient
        return access


def fhir_blueprint(records: Records, door: Door) -> Blueprint:
    """Read, search and $everything behind a door; every answer holds only what the request's access reaches."""
    fhir, base = Blueprint(door.name, __name__, url_prefix=door.path), door.base

    @fhir.get("/metadata")
    def metadata() -> Response:
        return answer(capability_statement(base, records.now(), door.authorization))

    @fhir.get("/<kind>/<identity>")
    def read(kind: str, identity: str) -> Response:
        return answer(_read(records, door.access(), kind, identity))

    @fhir.get("/Patient/<identity>/$everything")
    def everything(identity: str) -> Response:
        access = door.access()
        _read(records, access, "Patient", identity)
        return answer(collection([each for each in records.chart(identity) if access.reaches(each, "r")], base))

    @fhir.get("/<kind>")
    def find(kind: str) -> Response:
        return _found(records, door, kind, list(request.args.items(multi=True)))

    @fhir.post("/<kind>/_search")
    def find_by_form(kind: str) -> Response:
        return _found(records, door, kind, [*request.args.items(multi=True), *request.form.items(multi=True)])

    _put_faults(fhir, door)
    _handle_errors(fhir)
    return fhir


def _put_faults(fhir: Blueprint, door: Door) -> None:
    @fhir.before_request
    def go_wrong() -> Response | None:
        kind = (request.view_args or {}).get("kind", "Patient" if request.view_args else "")
        return ill_answer(door.faults, kind) if kind else None


def _handle_errors(fhir: Blueprint) -> None:
    @fhir.errorhandler(SearchError)
    def refused(problem: SearchError) -> Response:
        return answer(outcome(problem.code, str(problem)), 400)

    @fhir.errorhandler(FaultError)
    def no_such_fault(problem: FaultError) -> Response:
        return answer(outcome("value", str(problem)), 400)

    @fhir.errorhandler(NotHereError)
    def missing(problem: NotHereError) -> Response:
        return answer(outcome("not-found", str(problem)), 404)

    @fhir.errorhandler(ForbiddenError)
    def forbidden(problem: ForbiddenError) -> Response:
        return answer(outcome("forbidden", str(problem)), 403)

    @fhir.errorhandler(TokenNeededError)
    def login(problem: TokenNeededError) -> Response:
        refusal = answer(outcome("login", str(problem)), 401)
        refusal.headers["WWW-Authenticate"] = problem.challenge
        return refusal

    @fhir.errorhandler(HTTPException)
    def other(problem: HTTPException) -> Response:
        return answer(outcome("processing", problem.description or problem.name), problem.code or 500)

    @fhir.after_request
    def open_to_browsers(response: Response) -> Response:
        """Synthetic data, and no cookie opens anything: any web client may ask."""
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Accept, If-None-Exist, If-Match"
        )
        response.headers["Access-Control-Expose-Headers"] = "Location, ETag, Retry-After, WWW-Authenticate"
        response.headers["Cache-Control"] = "no-store"
        return response


def _found(records: Records, door: Door, kind: str, query: Pairs) -> Response:
    """One page of a search as a Bundle. Raises NotHereError, SearchError, ForbiddenError."""
    access = door.access()
    _known(kind)
    access.demand(kind, "s")
    reachable = [each for each in records.of_type(kind) if access.reaches(each, "s")]
    wanted = shortened(door.faults, kind, query)
    page = searchset(search(reachable, kind, wanted), kind, wanted, door.base)
    failure = paging_answer(door.faults, kind, query)
    return failure or answer(spoilt(door.faults, kind, page, records, access.patient))


def _read(records: Records, access: Access, kind: str, identity: str) -> Json:
    """A resource; one that the access does not reach is not here, so that nobody learns what others have."""
    _known(kind)
    access.demand(kind, "r")
    found = records.read(kind, identity)
    if found is None or not access.reaches(found, "r"):
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
