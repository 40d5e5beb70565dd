"""A running plug-in for the tests of the service: the real application on a free port, at a fixed time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from rpild_rules.knowledge import load_knowledge
from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.settings import EhrSettings, Settings, load_settings
from tests.service.calls import Json, sent
from tests.service.hostile_server import Behaviour, hostile_server

EVALUATED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BROWSER = "http://ehr.example:9000"


@dataclass(frozen=True)
class Site:
    """A running plug-in, and the FHIR server it trusts."""

    url: str
    fhir: Behaviour

    def post(self, body: Json | bytes, service: str = "rpild-patient-view", **options: Any) -> requests.Response:
        raw = body if isinstance(body, bytes) else sent(body)
        headers = {"Content-Type": "application/json"} | options.pop("headers", {})
        return requests.post(f"{self.url}/cds-services/{service}", data=raw, headers=headers, timeout=20, **options)

    def answer(self, body: Json, service: str = "rpild-patient-view") -> Json:
        given = self.post(body, service)
        assert given.status_code == 200, given.text
        return dict(given.json())

    def templates(self, service: str = "rpild-patient-view") -> dict[str, str]:
        services = requests.get(f"{self.url}/cds-services", timeout=20).json()["services"]
        return dict(next(each["prefetch"] for each in services if each["id"] == service))

    def grant(self, **fields: Any) -> Json:
        """The fields of a request that let the service read from the trusted FHIR server."""
        authorization = {"access_token": "canary", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs"}
        return {"fhirServer": self.fhir.base, "fhirAuthorization": authorization | {"subject": "test"} | fields}


def test_settings(fhir: Behaviour, **changed: Any) -> Settings:
    """Cards on, assessment shown, one trusted EHR."""
    given = {
        "silent_mode": False,
        "expose_assessment": True,
        "read_seconds": 1.5,
        "allow_http_loopback": True,
        "cors_origins": frozenset({BROWSER}),
        "ehrs": (EhrSettings(name="test", fhir_bases=(fhir.base,)),),
    }
    return load_settings(**(given | changed))


test_settings.__test__ = False  # type: ignore[attr-defined]


@contextmanager
def serving(settings: Settings, fhir: Behaviour, **options: Any) -> Iterator[Site]:
    """The application on a free port."""
    given = {"now": lambda: EVALUATED, "unsigned": "test"} | options
    app = create_app(settings, load_knowledge(), **given)
    with loopback.serving(app) as port:
        yield Site(f"http://127.0.0.1:{port}", fhir)


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


@pytest.fixture(scope="module")
def quiet_fhir() -> Iterator[Behaviour]:
    """A FHIR server that knows nothing, shared by the tests of a module."""
    with hostile_server() as behaviour:
        yield behaviour


@pytest.fixture(scope="module")
def site(quiet_fhir: Behaviour) -> Iterator[Site]:
    """One plug-in for a whole module; its FHIR server has nothing."""
    with serving(test_settings(quiet_fhir), quiet_fhir) as running:
        yield running


@pytest.fixture
def reading_site(fhir: Behaviour) -> Iterator[Site]:
    """A plug-in of its own, for tests that teach its FHIR server."""
    with serving(test_settings(fhir), fhir) as running:
        yield running
