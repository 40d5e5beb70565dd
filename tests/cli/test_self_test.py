"""`rpild demo --self-test`: all patients pass as they are; what goes wrong is named and ends with 1."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from ehr_sandbox.charting import load_patients
from rpild_server import probe, self_test
from rpild_server.demo import Addresses, running_demo
from rpild_server.loopback import serving
from rpild_server.self_test import Row, run_self_test
from tests.conftest import ROOT, free_port, free_port_pair

pytestmark = pytest.mark.slow
PATIENTS = [patient.id for patient in load_patients()]


@pytest.fixture(scope="module")
def addresses() -> Iterator[Addresses]:
    with running_demo(free_port_pair()) as found:
        yield found


def only(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    """Ask about this patient alone."""
    real = self_test._judge

    def judge(at: Addresses, templates: dict[str, str], patient: str) -> Row:
        return real(at, templates, patient) if patient == wanted else Row(patient)

    monkeypatch.setattr(self_test, "_judge", judge)


def test_every_patient_passes() -> None:
    command = [sys.executable, "-m", "rpild_server.cli", "demo", "--self-test", "--port", str(free_port_pair())]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == PATIENTS
    assert all(line.endswith("  pass") for line in lines[1:-1])
    assert lines[-1] == f"{len(PATIENTS)} patients, {len(PATIENTS)} pass"
    assert "firstLine" in run.stdout


def test_a_taken_port_is_wrong_use() -> None:
    port = free_port_pair()
    with serving(lambda *_: [], port):
        command = [sys.executable, "-m", "rpild_server.cli", "demo", "--self-test", "--port", str(port)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (run.returncode, "is in use" in run.stderr) == (2, True)


def test_a_page_that_does_not_open_is_a_fault(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "classic")
    said: list[str] = []
    requests.post(f"{addresses.ehr}/faults", json={"denied": ""}, timeout=5).raise_for_status()
    try:
        assert not run_self_test(addresses, said.append)
    finally:
        requests.delete(f"{addresses.ehr}/faults", timeout=5)
    assert "FAULT: the page answered" in next(line for line in said if line.startswith("classic"))
    assert said[-1].endswith("; fault: classic")


def test_a_service_that_refuses_is_a_fault(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "classic")
    monkeypatch.setattr(self_test, "TOKEN", {})
    said: list[str] = []
    assert not run_self_test(addresses, said.append)
    assert "fetch answered" in next(line for line in said if line.startswith("classic"))


def test_nobody_there_is_no_pass() -> None:
    said: list[str] = []
    assert not run_self_test(Addresses(free_port()), said.append)
    assert said[-1] == "0 patients, 0 pass"


def test_a_chart_without_an_app_is_a_fault(addresses: Addresses) -> None:
    row = Row("nobody")
    self_test._open_page(addresses, row, {})
    assert row.faults == ["the chart opens no app"]


def test_a_page_without_the_card_is_a_fault(addresses: Addresses) -> None:
    row = Row("classic")
    self_test._open_page(addresses, row, {"cards": [{"summary": "words that no page says"}]})
    assert row.faults == ["the page does not show the first card"]


def test_a_walk_that_never_ends_is_given_up() -> None:
    def round_and_round(environ: dict[str, str], start: object) -> list[bytes]:
        start("302 Found", [("Location", "/again"), ("Set-Cookie", "a=b; Secure")])  # type: ignore[operator]
        return [b""]

    with serving(round_and_round) as port:
        home = f"http://127.0.0.1:{port}"
        assert probe.visit(f"{home}/", home).fault == "TooManyRedirects"
    assert probe.visit(f"{home}/", home).status == 0
