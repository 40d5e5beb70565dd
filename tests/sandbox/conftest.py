"""The demo EHR under test, wired to a tiny CDS service over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from ehr_sandbox.app import create_sandbox
from tests.sandbox.fake_service import BASE, NOW, FakeService, Json, fake_app


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A CDS service on a free port."""
    fake = FakeService()
    server = make_server("127.0.0.1", 0, fake_app(fake), threaded=True)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    thread.join()


@pytest.fixture
def ehr(service: FakeService) -> FlaskClient:
    """The demo EHR at a fixed moment, wired to the fake service."""
    return create_sandbox(service.url, BASE, now=lambda: NOW).test_client()


@pytest.fixture
def fhir(ehr: FlaskClient) -> Callable[[str], Json]:
    """GET below the FHIR base, as JSON."""

    def get(path: str) -> Json:
        answer = ehr.get(f"/open/fhir/{path}")
        assert answer.content_type == "application/fhir+json"
        return dict(answer.get_json())

    return get
