"""Makes what the storage tests store: decisions, gate rows, keys, all invented."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from rpild_server.storage.crypt import Secrets
from rpild_server.storage.records import CallKey, Decision, GateRow, SentCard

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECRETS = Secrets("2026-11", {"2026-11": b"k" * 32}, b"p" * 32)
ISS = "https://ehr.example"


def call(**changed: str) -> CallKey:
    """A call that no other one equals, unless told."""
    given = {"iss": ISS, "service": "rpild-order-sign", "hook_instance": str(uuid.uuid4()), "body_sha256": "b" * 64}
    return CallKey(**(given | changed))


def decision(**changed: Any) -> Decision:
    """A decision with one card and a payload of about 4 kB."""
    given = {
        "id": str(uuid.uuid4()),
        "call": call(),
        "patient": "a" * 64,
        "clinician": "c" * 64,
        "created": START,
        "knowledge_version": "1.0.0",
        "knowledge_sha256": "d" * 64,
        "app_version": "0.1.0",
        "payload": b'{"facts":"canary-payload"}' + b" " * 4000,
        "response": b'{"cards":["canary-response"]}',
        "timings": {"total": 3.5},
        "cards": (SentCard(str(uuid.uuid4()), "workup", "info", "f" * 64),),
    }
    return Decision(**(given | changed))


def gate_row(**changed: Any) -> GateRow:
    """A call that stopped at the gate."""
    given = {
        "hook_instance": str(uuid.uuid4()),
        "iss": ISS,
        "service": "rpild-patient-view",
        "patient": "a" * 64,
        "gate": "G2",
        "knowledge_version": "1.0.0",
        "created": START,
    }
    return GateRow(**(given | changed))


def later(**span: float) -> datetime:
    """START and a span after it."""
    return START + timedelta(**span)
