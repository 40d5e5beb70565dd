"""An EHR with habits of its own: what it refuses, how it spells, what it sends; it counts what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from fhir_mappings.queries import ALSO_READ, QUERIES
from rpild_server import loopback

Json = dict[str, Any]
PATIENT, NAME, VALUE = "canary-id-7", "Canary-Name", 98765.4
KINDS = tuple(dict.fromkeys((*(query.kind for query in QUERIES.values()), *ALSO_READ)))


@dataclass
class PeculiarEhr:
    """Habits. `plain_patient`: takes `patient=ID` only; `unknown`: parameters that it refuses; `forbidden`: types.

    `resources` are served whatever is asked; `following` is the `next` link of every first page of a type.
    """

    base: str = ""
    plain_patient: bool = False
    unknown: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    resources: dict[str, list[Json]] = field(default_factory=dict)
    following: dict[str, str] = field(default_factory=dict)
    configuration: Json | None = None
    statement: Json | None = None
    methods: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)


def observation(text: str, unit: str = "", **changed: Any) -> Json:
    """A result of our patient."""
    quantity = {"value": VALUE} | ({"unit": unit} if unit else {})
    given = {
        "resourceType": "Observation",
        "id": f"o-{text}-{unit}".replace(" ", "").replace("/", ""),
        "status": "final",
        "code": {"text": text},
        "subject": {"reference": f"Patient/{PATIENT}", "display": NAME},
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": quantity,
    }
    return {name: value for name, value in (given | changed).items() if value is not None}


def whole_statement(*acts: str, **of_observation: Any) -> Json:
    """A CapabilityStatement that offers all that is needed."""
    rows = [{"type": kind, "interaction": [{"code": act} for act in acts]} for kind in KINDS]
    for row in rows:
        asked = (query for query in QUERIES.values() if query.kind == row["type"])
        names = {name for query in asked for name in ("patient", query.date, *dict(query.parameters))}
        row["searchParam"] = [{"name": name} for name in sorted(names)]
        row |= of_observation if row["type"] == "Observation" else {}
    rest = [{"mode": "server", "resource": rows}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"name": "X"}, "rest": rest}


def outcome(code: str, status: int) -> Response:
    """A refusal whose words repeat the patient, as some servers do."""
    issue = [{"severity": "error", "code": code, "diagnostics": f"{NAME} {PATIENT}"}]
    answer: Response = jsonify({"resourceType": "OperationOutcome", "issue": issue})
    answer.status_code = status
    return answer


def _app(ehr: PeculiarEhr) -> Flask:
    app = Flask("peculiar")

    @app.before_request
    def note() -> None:
        ehr.methods.add(request.method)
        ehr.asked.append(request.full_path)

    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Any:
        return ehr.configuration if ehr.configuration is not None else Response(status=404)

    @app.get("/fhir/metadata")
    def statement() -> Any:
        return ehr.statement if ehr.statement is not None else Response("<html>", 200)

    @app.get("/fhir/<kind>/<id>")
    def read(kind: str, id: str) -> Any:
        if kind in ehr.forbidden:
            return outcome("forbidden", 403)
        return {"resourceType": kind, "id": id, "name": [{"text": NAME}], "birthDate": "1970-01-01"}

    @app.get("/fhir/<kind>")
    def search(kind: str) -> Any:
        return _search(ehr, kind)

    return app


def _search(ehr: PeculiarEhr, kind: str) -> Any:
    if kind in ehr.forbidden:
        return outcome("forbidden", 403)
    if kind in ehr.missing:
        return outcome("not-found", 404)
    unknown = ehr.unknown & set(request.args)
    if unknown or (ehr.plain_patient and "/" in request.args.get("patient", "")):
        return outcome("invalid", 400)
    found = ehr.resources.get(kind, [])
    if kind == "Patient":
        found = [{"resourceType": "Patient", "id": PATIENT, "name": [{"text": NAME}]}]
    link = [{"relation": "next", "url": ehr.following[kind]}] if kind in ehr.following else []
    entries = [{"resource": each} for each in found]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": link}


@contextmanager
def peculiar_ehr() -> Iterator[PeculiarEhr]:
    """Such an EHR on a free port; by itself it offers everything and holds nothing but a patient."""
    ehr = PeculiarEhr(statement=whole_statement("read", "search-type"))
    with loopback.serving(_app(ehr)) as port:
        ehr.base = f"http://127.0.0.1:{port}/fhir"
        yield ehr
