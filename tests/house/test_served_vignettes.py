"""The clinical tests from outside against the production stack: signed calls, in all three ways that data arrive."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.serving import ISS, Served, served
from tests.house.test_vignettes import wait_past_midnight

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("site")) as stack:
        yield stack


@pytest.mark.verifies("CH-28")
@pytest.mark.parametrize("mode", ["prefetch", "fetch", "mixed"])
def test_all_vignettes_pass_with_tokens(running: Served, shared: Path, mode: str) -> None:
    folder = shared / "vignettes"
    wait_past_midnight()
    command = [sys.executable, str(folder / "vignettes.py"), "--url", running.url, "--mode", mode]
    command += ["--jwt-key", str(running.jwk), "--jwt-iss", ISS, "--fhir-port", str(running.fhir_port)]
    run = subprocess.run(
        [*command, str(folder / "visible.toml")], capture_output=True, text=True, timeout=300, check=False
    )
    failed = [line for line in run.stdout.splitlines() if " fail " in line]
    assert run.returncode == 0, "\n".join(failed) + run.stderr
    assert " passed, 0 failed" in run.stdout
