"""Metrics: what a call, a refusal, an unusable result and a failed read leave behind, from all workers, and no more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from rpild_server.measuring import unit_of
from rpild_server.metrics import FOLDER, MEMORY_FOLDER, PREFIX, share_between_processes
from rpild_server.storing import temporary_store
from tests.cli.serving import served
from tests.conftest import free_port
from tests.service.calls import FVC, bundle, fresh, healthy, hook_body, observation, quantity, rapid_disease
from tests.service.conftest import Site, serving, test_settings
from tests.service.hostile_server import Behaviour, hostile_server

ALLOWED = {
    "ehr", "service", "result", "depth", "code", "kind", "topic", "fate", "criterion", "status", "concept", "reason",
    "unit", "coding", "outcome", "key", "version", "knowledge", "le",
}  # fmt: skip


def samples(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = requests.get(f"{url}/metrics", timeout=10).text
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def value(url: str, name: str, **labels: str) -> float:
    """The sum of all samples of a name that bear these labels."""
    return sum(
        number
        for (found, pairs), number in samples(url).items()
        if found == name and labels.items() <= dict(pairs).items()
    )


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


@pytest.fixture
def counting(fhir: Behaviour) -> Iterator[Site]:
    with temporary_store() as store, serving(test_settings(fhir), fhir, store=store) as running:
        yield running


def ill(site: Site, **changed: object) -> dict[str, object]:
    return hook_body(prefetch=rapid_disease(site.templates()) | changed, hookInstance=fresh())


def test_a_call_in_scope_counts_its_cards_criteria_results_and_time(counting: Site) -> None:
    counting.answer(ill(counting))
    assert value(counting.url, "rpild_calls_total", ehr="test", service="rpild-patient-view", result="cards") == 1
    assert value(counting.url, "rpild_cards_total", topic="combinationTherapy", fate="shown") == 1
    assert value(counting.url, "rpild_criteria_total", criterion="fvcDecline", status="met") == 1
    assert value(counting.url, "rpild_criteria_total", criterion="dlcoDecline", status="unknown") == 1
    assert value(counting.url, "rpild_results_total", concept="fvc") == 2
    assert value(counting.url, "rpild_results_unit_total", concept="fvc", unit="L") == 2
    assert value(counting.url, "rpild_call_seconds_count", depth="full") == 1


def test_a_call_of_another_patient_counts_only_that_it_stopped_at_the_gate(counting: Site) -> None:
    counting.answer(hook_body(prefetch=healthy(counting.templates()), hookInstance=fresh()))
    assert value(counting.url, "rpild_calls_total", result="gate") == 1
    assert value(counting.url, "rpild_call_seconds_count", depth="gate") == 1
    assert value(counting.url, "rpild_criteria_total") == 0


def test_a_repeated_call_is_counted_as_one(counting: Site) -> None:
    body = ill(counting)
    assert counting.answer(body) == counting.answer(body)
    assert value(counting.url, "rpild_calls_total", result="cards") == 1
    assert value(counting.url, "rpild_calls_total", result="repeated") == 1


def test_a_refusal_is_counted_by_its_code(counting: Site) -> None:
    assert counting.post(b"{").status_code == 400
    assert value(counting.url, "rpild_refusals_total") == 1


def test_an_unusable_result_is_counted_with_its_reason_and_a_unit_of_the_sites_own_is_no_label(counting: Site) -> None:
    odd = observation("odd", FVC, quantity(2.6, "buckets of Mrs Miller"), "2026-11-21T08:00:00Z")
    counting.answer(ill(counting, lungFunction=bundle(odd)))
    assert value(counting.url, "rpild_results_unusable_total", concept="fvc", reason="unit") == 1
    assert value(counting.url, "rpild_results_unit_total", concept="fvc", unit="other") == 1
    assert "Miller" not in requests.get(f"{counting.url}/metrics", timeout=10).text


def test_reads_and_their_failures_are_counted_by_ehr_and_search(counting: Site) -> None:
    body = hook_body(hookInstance=fresh(), **counting.grant())
    assert counting.post(body).status_code == 412  # its server knows no patient
    assert value(counting.url, "rpild_fhir_read_seconds_count", ehr="test") >= 1
    assert value(counting.url, "rpild_fhir_read_failures_total", ehr="test", key="patient") == 1
    assert value(counting.url, "rpild_fhir_circuit_open", ehr="test") == 0, "a server that answers is not down"


def test_a_server_that_is_down_opens_its_circuit() -> None:
    gone = Behaviour(base=f"http://127.0.0.1:{free_port()}/fhir")
    with serving(test_settings(gone), gone) as site:
        shown = []
        for _ in range(3):
            assert site.post(hook_body(hookInstance=fresh(), **site.grant())).status_code == 412
            shown.append(value(site.url, "rpild_fhir_circuit_open", ehr="test"))
    assert shown == [0, 0, 1]


def test_feedback_is_counted_by_outcome_and_reason(counting: Site) -> None:
    card = counting.answer(ill(counting))["cards"][0]["uuid"]
    reason = {"reason": {"system": "urn:rpild:override-reason", "code": "dataWrong"}}
    said = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T09:31:00Z", "overrideReason": reason}
    assert counting.post({"feedback": [said]}, "rpild-patient-view/feedback").status_code == 200
    assert value(counting.url, "rpild_feedback_total", outcome="overridden", reason="dataWrong") == 1


def test_labels_are_few_and_none_names_a_patient_or_a_user(counting: Site) -> None:
    text = json.dumps(ill(counting)).replace('"p1"', '"miller-77"').replace("/p1", "/miller-77")
    assert counting.post(text.replace("/dr1", "/miller-78").encode()).json()["cards"]
    counting.post(b"{")
    found = {name for _, pairs in samples(counting.url) for name, _ in pairs}
    assert found <= ALLOWED
    assert "miller" not in requests.get(f"{counting.url}/metrics", timeout=10).text


def test_without_the_setting_there_are_no_metrics(fhir: Behaviour) -> None:
    with serving(test_settings(fhir, metrics=False), fhir) as quiet:
        assert requests.get(f"{quiet.url}/metrics", timeout=10).status_code == 404


@pytest.mark.parametrize(
    ("printed", "unit"), [("2.6 L", "L"), ("900 ng/mL", "ng/mL"), ("2.6", "other"), ("12 Miller", "other")]
)
def test_a_unit_is_a_label_only_if_the_tables_know_it(printed: str, unit: str) -> None:
    assert unit_of(printed) == unit


@pytest.mark.slow
def test_the_workers_of_a_service_count_together_and_leave_nothing_behind(tmp_path: Path) -> None:
    with served(tmp_path) as stack:
        for _ in range(20):
            assert requests.post(f"{stack.url}/cds-services/rpild-patient-view", timeout=10).status_code == 401
        assert {value(stack.url, "rpild_refusals_total") for _ in range(5)} == {20}
        assert value(stack.url, "rpild_build_info") == 1
    assert not list(Path(MEMORY_FOLDER).glob(f"{PREFIX}{stack.process.pid}-*"))


def test_what_a_killed_service_left_behind_goes_with_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, "")
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = Path(MEMORY_FOLDER) / f"{PREFIX}{ended.pid}-left"
    left.mkdir()
    fresh = Path(share_between_processes())
    try:
        assert fresh.is_dir()
        assert not left.exists()
    finally:
        fresh.rmdir()
