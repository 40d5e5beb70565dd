"""Traces: what a receiver of OpenTelemetry is sent of a call, and that nothing of a patient is among it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from rpild_server import site_rules
from rpild_server.settings import load_settings
from rpild_server.site_rules import serve_faults
from rpild_server.storing import temporary_store
from rpild_server.tracing import ALLOWED, Traces
from tests.conftest import free_port
from tests.operations.otlp_receiver import Receiver, receiving
from tests.service.calls import fresh, hook_body, rapid_disease
from tests.service.conftest import Site, serving, test_settings
from tests.service.hostile_server import hostile_server

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def traced_calls(traces: Traces) -> None:
    """A call with a card, one that reads, one refused, and those of machines, all about one patient."""
    with (
        hostile_server() as fhir,
        temporary_store() as store,
        serving(test_settings(fhir), fhir, store=store, traces=traces) as site,
    ):
        text = json.dumps(hook_body(prefetch=rapid_disease(site.templates()), hookInstance=fresh()))
        text = text.replace('"p1"', '"miller-77"').replace("/p1", "/miller-77").replace("/dr1", "/miller-78")
        sent = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "v=miller", "baggage": "name=miller"}
        assert site.post(text.encode(), headers=sent).json()["cards"]
        assert site.post(hook_body(hookInstance=fresh(), **site.grant())).status_code == 412
        assert site.post(b'{"miller":').status_code == 400
        _others(site)
    traces.close()


def _others(site: Site) -> None:
    for path in ("livez", "readyz", "metrics"):
        assert requests.get(f"{site.url}/{path}", timeout=5).status_code == 200
    assert requests.request("MILLER", f"{site.url}/app/miller/?q=miller", timeout=5).status_code == 404


def fields(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_call_is_one_trace_with_its_reads_and_its_record(receiver: Receiver) -> None:
    traced_calls(Traces(receiver.url, "1"))
    call = next(each for each in receiver.spans if each.parent_span_id.hex() == CALLER)
    below = [each for each in receiver.spans if each.parent_span_id == call.span_id]
    assert call.name == "POST /cds-services/<service_id>"
    assert fields(call)["http.response.status_code"] == 200
    assert fields(call)["rpild.correlation"]
    assert {each.trace_id.hex() for each in (call, *below)} == {TRACE}
    assert [each.name for each in below] == ["record"]
    assert fields(below[0])["rpild.result"] == "cards"
    assert receiver.resources[0]["service.name"] == "rpild"


def test_reads_and_refusals_are_seen_and_the_questions_of_machines_are_not(receiver: Receiver) -> None:
    traced_calls(Traces(receiver.url, "1"))
    reads = [fields(each) for each in receiver.spans if each.name == "FHIR reads"]
    assert reads
    assert all(each["rpild.failures"] == each["rpild.searches"] for each in reads), "that server knows no patient"
    statuses = {fields(each).get("http.response.status_code") for each in receiver.spans}
    assert {200, 400, 404, 412} <= statuses
    names = {each.name for each in receiver.spans}
    assert not [each for each in names if "livez" in each or "readyz" in each or "metrics" in each]
    assert "_OTHER" in names


def test_nothing_of_a_patient_or_a_caller_is_in_a_span(receiver: Receiver) -> None:
    traced_calls(Traces(receiver.url, "1"))
    assert receiver.spans
    assert {name for each in receiver.spans for name in fields(each)} <= ALLOWED
    assert not [each for each in receiver.spans if each.events or each.links or each.trace_state]
    assert not [each for each in receiver.bodies if b"miller" in each.lower()]


def test_a_receiver_that_is_gone_delays_neither_a_call_nor_the_end() -> None:
    began = time.monotonic()
    traced_calls(Traces(f"http://127.0.0.1:{free_port()}", "1"))
    assert time.monotonic() - began < 8


def test_a_service_without_the_setting_or_without_a_call_sends_nothing(receiver: Receiver) -> None:
    Traces(receiver.url, "1").close()
    assert receiver.bodies == []
    assert load_settings().otlp_endpoint is None


def test_a_receiver_without_the_extra_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load_settings(otlp_endpoint="http://collector.example:4318")
    assert not [each for each in serve_faults(settings) if "OpenTelemetry" in each]
    monkeypatch.setattr(site_rules, "is_installed", lambda: False)
    assert [each for each in serve_faults(settings) if "pip install 'rpild[otel]'" in each]
