"""A tiny CDS service that tests run over real HTTP in place of the plug-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request

Json = dict[str, Any]
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BASE = "http://localhost:8091"
CARD: Json = {
    "uuid": "6f1e2b52-0f0a-5b6c-9d57-0b8f3c2a7a01",
    "summary": "RP-ILD criteria met, anti-MDA5 positive: review combination therapy; start early transplant discussion",
    "indicator": "critical",
    "detail": "**FVC** 3.00 L to 2.60 L\n\n- Options by name: glucocorticoid + tacrolimus\n- Not a tag: <b>bold</b>",
    "source": {
        "label": "RP-ILD decision support",
        "topic": {"system": "urn:rpild:card-topic", "code": "combinationTherapy", "display": "Combination therapy"},
    },
    "selectionBehavior": "any",
    "overrideReasons": [
        {"system": "urn:rpild:override-reason", "code": "awaitingResults", "display": "Awaiting results"},
        {"system": "urn:rpild:override-reason", "code": "specialistDecision", "display": "Specialist decision"},
    ],
}


def suggestion(label: str, identity: str, patient: str) -> Json:
    """A suggestion of one ServiceRequest draft."""
    subject = {"reference": f"Patient/{patient}"}
    resource = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"text": label},
        "subject": subject,
    }
    action = {"type": "create", "description": f"Order {label}", "resource": resource}
    return {"uuid": identity, "label": f"Order {label}", "actions": [action]}


@dataclass
class FakeService:
    """What the fake answers to a hook call (status and body), and everything it was sent."""

    url: str = ""
    status: int = 200
    cards: list[Json] = field(default_factory=lambda: [CARD])
    body: Json | str | None = None
    suggest_for: str = ""
    feedback_status: int = 200
    calls: list[Json] = field(default_factory=list)
    feedback: list[Json] = field(default_factory=list)
    templates: Json = field(
        default_factory=lambda: {
            "patient": "Patient/{{context.patientId}}",
            "user": "{{context.userId}}",
            "labs": "Observation?patient={{context.patientId}}&category=laboratory&_sort=-date&_count=100",
            "odd": "Observation?nonsense={{context.patientId}}",
            "role": "PractitionerRole/{{userPractitionerRoleId}}",
        }
    )

    def answer(self, call: Json) -> Response:
        self.calls.append(call)
        if self.body is not None:
            return Response(self.body) if isinstance(self.body, str) else _with_status(self.body, self.status)
        cards = [card | self._suggestions(call["context"]["patientId"]) for card in self.cards]
        return _with_status({"cards": cards}, self.status)

    def _suggestions(self, patient: str) -> Json:
        offered = [suggestion("Ferritin", "0d0e46f2-50ba-55a5-8c1c-1f5f7ad4f001", self.suggest_for or patient)]
        return {"suggestions": offered}


def _with_status(body: Json, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def fake_app(fake: FakeService) -> Flask:
    app = Flask("fake-service")

    @app.get("/cds-services")
    def discovery() -> Json:
        hooks = ("patient-view", "order-select", "order-sign")
        return {
            "services": [
                {"id": f"fake-{hook}", "hook": hook, "description": hook, "prefetch": fake.templates} for hook in hooks
            ]
        }

    @app.post("/cds-services/<service>")
    def call(service: str) -> Response:
        return fake.answer(request.get_json())

    @app.post("/cds-services/<service>/feedback")
    def feedback(service: str) -> Response:
        fake.feedback += request.get_json()["feedback"]
        return _with_status({}, fake.feedback_status)

    return app
