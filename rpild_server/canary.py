"""The canary: a synthetic patient sent through the whole HTTP path every few minutes, since silence looks like health.

It calls as an EHR of its own, `canary`, with a key that exists only while the service runs. On each host one of the
workers sends it. What it finds is a metric, and a log line when it fails.
"""

from __future__ import annotations

import fcntl
import json
import re
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from cds_hooks.discovery import Service, services
from fhir_mappings.queries import KEYS
from rpild_server.ehr_settings import EhrSettings
from rpild_server.logs import report
from rpild_server.metrics import Meters
from rpild_server.probe import post
from rpild_server.site_rules import OWN_CALLER as CANARY
from rpild_server.site_rules import OWN_ISSUER as ISSUER

CHART = Path(__file__).with_name("canary_chart.json")
AGE = re.compile(r"\{-(\d+)d\}")
TOPIC = "combinationTherapy"
HOOK = "patient-view"
EMPTY: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": []}
ALGORITHM = "ES384"
PATIENCE = 10.0
OK = 200


@dataclass(frozen=True)
class Canary:
    """Where it calls (`listening`), what it must name as audience (`public`), its key, and where workers agree."""

    listening: str
    public: str
    key: ECKey
    folder: Path
    minutes: float

    def start(self, meters: Meters) -> None:
        """In a worker: begin in the background."""
        threading.Thread(target=self._run, args=(meters,), name=CANARY, daemon=True).start()

    def _run(self, meters: Meters) -> None:
        """Wait until no other worker of this host does it, then send one call after another."""
        with (self.folder / "canary.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            while True:
                time.sleep(min(self.minutes * 60, PATIENCE))  # the listener must be up for the first one
                self.send(meters)
                time.sleep(max(self.minutes * 60 - PATIENCE, 0))

    def send(self, meters: Meters) -> bool:
        """One call; whether the synthetic patient got its card."""
        service = next(each for each in services().values() if each.hook == HOOK)
        address = f"{self.listening}/cds-services/{service.id}"
        status, answer = post(address, body(service), self._header(service), PATIENCE)
        topics = {card["source"]["topic"]["code"] for card in answer.get("cards", ())}
        meters.canary.labels(service.id).set(TOPIC in topics)
        if TOPIC not in topics:
            report("canary-failed", service=service.id, status=status, why=_why(status, topics))
        return TOPIC in topics

    def _header(self, service: Service) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": f"{self.public}/cds-services/{service.id}", "iat": now, "exp": now + 60}
        head = {"alg": ALGORITHM, "typ": "JWT", "kid": self.key.kid}
        token = jwt.encode(head, claims | {"jti": str(uuid.uuid4())}, self.key, algorithms=[ALGORITHM])
        return {"Authorization": f"Bearer {token}"}


def _why(status: int, topics: set[str]) -> str:
    """What an operator looks at next."""
    if status == 0:
        return "no-answer"
    if status != OK:
        return "refused"
    return "other-cards" if topics else "no-card-or-switched-off"


def create_canary(listening: str, public: str, folder: Path, minutes: float) -> tuple[Canary, EhrSettings]:
    """The canary and the record by which the service knows it; its public key lies in the folder."""
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    keys = folder / "canary-keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    record = EhrSettings.model_validate({"name": CANARY, "iss": ISSUER, "jwks_file": keys, "silent_mode": False})
    return Canary(listening, public.rstrip("/"), key, folder, minutes), record


def body(service: Service) -> bytes:
    """A hook call about the synthetic patient of today, every prefetch key filled."""
    prefetch = dict.fromkeys(KEYS, EMPTY) | chart(datetime.now(UTC))
    call = {
        "hook": service.hook,
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": f"Practitioner/{uuid.uuid4()}", "patientId": CANARY},
        "prefetch": prefetch,
    }
    return json.dumps(call).encode()


def chart(now: datetime) -> dict[str, Any]:
    """The synthetic chart with its ages turned into times."""
    text = AGE.sub(lambda age: (now - timedelta(days=int(age[1]))).isoformat(), CHART.read_text(encoding="utf-8"))
    content: dict[str, Any] = json.loads(text)
    return content
