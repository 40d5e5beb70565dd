"""`rpild demo` and the production runner as processes: up, two sites, trusted servers, a clean end."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from rpild_server.cli import main
from rpild_server.demo import Addresses, PortTakenError, demo_settings, running_demo
from tests.conftest import ROOT, free_port_pair
from tests.service.calls import healthy, hook_body

pytestmark = pytest.mark.slow


@contextmanager
def process(log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as out,
        subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=out, stderr=out) as run,
    ):
        try:
            yield run
        finally:
            run.kill()


def wait_for(url: str, run: subprocess.Popen[bytes]) -> requests.Response:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and run.poll() is None:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            answer = requests.get(url, timeout=2)
            if answer.status_code != 503:  # up, but not all of it yet
                return answer
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer; the process ended with {run.poll()}")


def test_the_demo_serves_two_sites_and_ends_cleanly(tmp_path: Path) -> None:
    port, log = free_port_pair(), tmp_path / "log"
    with process(log, "rpild_server.cli", "demo", "--port", str(port), "--no-open") as run:
        assert wait_for(f"http://127.0.0.1:{port}/readyz", run).status_code == 200
        assert requests.get(f"http://localhost:{port + 1}/fhir/metadata", timeout=5).status_code == 200
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 0
    printed = log.read_text()
    assert f"http://localhost:{port + 1}/" in printed
    assert printed.endswith("Stopped.\n")
    assert "Traceback" not in printed


def test_a_taken_port_ends_with_two_and_a_remedy(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with process(log, "rpild_server.cli", "demo", "--port", port, "--no-open") as run:
            assert run.wait(20) == 2
    assert f"Port {port} on 127.0.0.1 is in use. Choose another with --port" in log.read_text()


def test_the_second_port_is_checked_too() -> None:
    port = free_port_pair()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        with pytest.raises(PortTakenError, match=str(port + 1)), running_demo(port):
            pass
    with running_demo(port) as addresses:
        assert requests.get(f"{addresses.plug_in}/readyz", timeout=5).status_code == 200


def test_the_demo_trusts_its_own_ehr_and_the_servers_named() -> None:
    demo = demo_settings(Addresses(8090), ("http://127.0.0.1:8099/fhir",)).registry().find("demo")
    assert demo is not None
    for base in ("http://localhost:8091/fhir", "http://127.0.0.1:8091/fhir", "http://127.0.0.1:8099/fhir"):
        assert demo.trusts(base)
    assert not demo.trusts("http://127.0.0.1:8098/fhir")


def test_the_production_runner_answers(tmp_path: Path) -> None:
    port, log = free_port_pair(), tmp_path / "log"
    with process(log, "rpild_server.run", "--unsigned", "--port", str(port), "--workers", "1") as run:
        url = f"http://127.0.0.1:{port}"
        assert wait_for(f"{url}/livez", run).status_code == 200
        keys = requests.get(f"{url}/cds-services", timeout=5).json()["services"][0]["prefetch"]
        answer = requests.post(
            f"{url}/cds-services/rpild-patient-view", json=hook_body(prefetch=healthy(keys)), timeout=5
        )
        assert (answer.status_code, answer.json()) == (200, {"cards": []})
        chunks = requests.post(
            f"{url}/cds-services/rpild-patient-view",
            data=(b" " * 1024 * 1024 for _ in range(9)),
            headers={"Content-Type": "application/json"},
            timeout=10,
        )
        assert chunks.status_code == 413
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("command", [("rpild_server.run",), ("rpild_server.cli", "demo", "--no-open")])
def test_faulty_settings_end_with_two(
    tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPILD_SITE_TIMEZONE", "Mars/Base")
    log = tmp_path / "log"
    with process(log, *command, "--port", str(free_port_pair())) as run:
        assert run.wait(20) == 2
    assert "environment RPILD_SITE_TIMEZONE" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_fhir_base_that_is_none_ends_with_two() -> None:
    result = CliRunner().invoke(main, ["demo", "--no-open", "--trust-fhir", "ftp://ehr.example"])
    assert result.exit_code == 2
    assert "ehrs.0.fhir_bases" in result.stderr
