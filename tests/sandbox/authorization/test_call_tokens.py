"""The token that goes with a hook call is real: this patient, read only, five minutes."""

from __future__ import annotations

import re
import time

import pytest
import requests
import time_machine

from ehr_sandbox.app import create_sandbox
from rpild_server.app import create_app
from rpild_server.demo import Addresses, demo_settings
from rpild_server.loopback import serving
from rpild_server.storing import temporary_store
from tests.conftest import free_port_pair
from tests.sandbox.fake_service import FakeService, Json


@pytest.fixture
def called(service: FakeService) -> tuple[str, Json]:
    """The FHIR base and the access of one hook call."""
    port = free_port_pair()
    base = f"http://localhost:{port}"
    with serving(create_sandbox(service.url, base), port):
        requests.get(f"{base}/patients/classic?hook=patient-view", timeout=10)
        body = service.calls[-1]
        yield body["fhirServer"], body["fhirAuthorization"]


def read(called: tuple[str, Json], path: str, method: str = "GET") -> requests.Response:
    base, access = called
    headers = {"Authorization": f"Bearer {access['access_token']}"}
    return requests.request(method, f"{base}/{path}", headers=headers, json={} if method == "POST" else None, timeout=5)


def test_its_fields(called: tuple[str, Json]) -> None:
    base, access = called
    assert re.fullmatch(r"http://localhost:\d+/fhir", base)
    assert {name: access[name] for name in ("token_type", "expires_in", "scope", "patient")} == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "patient": "classic",
    }
    assert access["subject"]


def test_it_reads_this_chart_and_no_other_and_writes_nothing(called: tuple[str, Json]) -> None:
    assert read(called, "Patient/classic").status_code == 200
    assert read(called, "Observation?patient=classic").json()["total"] > 10
    assert read(called, "Patient/suh-a1").status_code == 404
    assert read(called, "Observation?patient=suh-a1").json()["total"] == 0
    assert read(called, "Observation", "POST").status_code == 403


def test_it_ends_after_five_minutes(called: tuple[str, Json]) -> None:
    with time_machine.travel(time.time() + 301):
        assert read(called, "Patient/classic").status_code == 401


def test_the_plug_in_reads_with_it_what_the_prefetch_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's two sites, with an EHR that fills no template: all data come through the token."""
    monkeypatch.setattr("ehr_sandbox.hook_calls.fill", lambda *_: {})
    addresses = Addresses(free_port_pair())
    sandbox = create_sandbox(cds_url=addresses.plug_in, base_url=addresses.ehr)
    with (
        temporary_store() as store,
        serving(create_app(demo_settings(addresses, ()), store=store), addresses.port),
        serving(sandbox, addresses.port + 1),
    ):
        page = requests.get(f"{addresses.ehr}/patients/classic?hook=patient-view", timeout=20)
        assert "RP-ILD criteria met" in page.text
        ill = requests.post(f"{addresses.ehr}/faults", {"unauthorized": ""}, timeout=5)
        assert ill.status_code == 200
        page = requests.get(f"{addresses.ehr}/patients/classic?hook=patient-view", timeout=20)
        assert "The service answered 412" in page.text
