"""What all tests share: the project's folder, the data beside it, a running demo, tools that may be missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from tests.attack_counts import pytest_runtest_call, pytest_terminal_summary  # noqa: F401  hooks of pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The data and the vignettes that lie beside the project and are no part of it."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent: the vignettes and the real data lie there, beside a checkout of the project")
    return SHARED


def need(tool: str, package: str) -> str:
    """The path of a program; without it the test is skipped here and fails in CI (where .ci/packages names it)."""
    found = shutil.which(tool)
    if found:
        return found
    message = f"{tool} is missing; get it with: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium."""
    return need("chromium", "chromium fonts-dejavu-core")


SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all tests of a process: Playwright can be started once in it."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield started
        started.close()


def _candidates() -> Iterator[int]:
    """Even ports below the range that systems hand out by themselves; each test process has its own share."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = 15_000 + 2_000 * (worker % 8) + 2 * (os.getpid() % 800)
    return iter(range(start, start + 400, 2))


CANDIDATES = _candidates()


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port_pair() -> int:
    """A port that is free together with the next one (the demo takes both); never the same twice."""
    return next(port for port in CANDIDATES if is_free(port) and is_free(port + 1))


def free_port() -> int:
    """A port that nobody listens on; never the same twice."""
    return free_port_pair()


@dataclass(frozen=True)
class Demo:
    """A running demo: `url` is the plug-in, `ehr` the demo EHR, `peer_port` a port trusted as a FHIR server."""

    url: str
    ehr: str
    peer_port: int
    process: subprocess.Popen[bytes]


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 40) -> None:
    """Wait for /readyz; a demo that ends or stays silent fails the test with what it printed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"the demo did not become ready at {url}; it printed:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`rpild demo` as a user starts it, on free ports; ended by Ctrl-C, which must end it cleanly."""
    log = tmp_path_factory.mktemp("demo") / "demo.log"
    port, peer_port = free_port_pair(), free_port()
    command = [str(Path(sys.executable).with_name("rpild")), "demo", "--port", str(port), "--no-open"]
    command += ["--trust-fhir", f"http://127.0.0.1:{peer_port}/fhir"]
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT) as process:
        running = Demo(f"http://127.0.0.1:{port}", f"http://localhost:{port + 1}", peer_port, process)
        wait_until_ready(running.url, process, log)
        try:
            yield running
            process.send_signal(2)
            assert process.wait(20) in (0, 130), f"Ctrl-C did not end the demo cleanly:\n{log.read_text()[-2000:]}"
        finally:
            process.kill()
