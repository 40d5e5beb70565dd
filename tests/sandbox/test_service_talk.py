"""The CDS client's habits: discovery on demand and kept for a while, patience with an end, a bounded memory."""

from __future__ import annotations

import socket

import pytest

from ehr_sandbox import cds_client, exchanges
from ehr_sandbox.cds_client import CdsClient, ServiceError
from ehr_sandbox.exchanges import Exchange, Exchanges
from ehr_sandbox.order_pad import name_of
from tests.sandbox.fake_service import FakeService


def test_discovery_is_kept_and_renewed(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    client = CdsClient(service.url + "/")
    assert [each["id"] for each in client.services("order-sign")] == ["fake-order-sign"]
    service.templates = {"renewed": "Patient/{{context.patientId}}"}
    assert "renewed" not in client.services("order-sign")[0]["prefetch"]
    monkeypatch.setattr(cds_client, "DISCOVERY_KEPT", 0.0)
    assert "renewed" in client.services("order-sign")[0]["prefetch"]


def test_a_silent_service_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cds_client, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = CdsClient(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ServiceError, match=r"did not answer within 0\.2 seconds"):
            client.services("patient-view")


def test_the_oldest_exchange_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "KEPT", 2)
    memory = Exchanges()
    kept = [memory.keep(Exchange("patient-view", "s", {})) for _ in range(3)]
    assert [memory.find(each.id) is each for each in kept] == [False, True, True]


def test_names_of_orders() -> None:
    assert name_of({"code": {"text": "Ferritin"}}) == "Ferritin"
    assert (
        name_of({"medicationCodeableConcept": {"coding": [{"code": "1"}, {"display": "prednisone"}]}}) == "prednisone"
    )
    assert name_of({}) == "Order without a name"
