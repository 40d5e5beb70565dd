"""What the README tells a newcomer to type works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Demo, free_port_pair, need, wait_until_ready

pytestmark = pytest.mark.slow
LINES = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
STARTED_ELSEWHERE = {"make demo", "make test", ". .venv/bin/activate", "port=8090"}
CALLS = ("curl", "sed")
PROGRAMS = Path(sys.executable).parent


def shell(line: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a line as a newcomer with the activated environment does."""
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def test_the_readme_begins_with_two_commands() -> None:
    assert LINES[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("line", [each for each in LINES if each.startswith("rpild")])
def test_commands_of_the_readme_work(line: str) -> None:
    done = shell(line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("line", [each for each in LINES if each.startswith(CALLS)])
def test_calls_of_the_readme_work(demo: Demo, line: str) -> None:
    """At another port than the one printed, which is all that a reader would change."""
    need("curl", "curl")
    command = f"port={demo.url.rpartition(':')[2]}; {line}"
    done = next((each for each in (shell(command) for _ in range(3)) if "fetch-failed" not in each.stdout), None)
    assert done, "reading the chart took too long three times"  # once it may, on a busy machine
    assert done.returncode == 0, done.stderr
    found = done.stdout.replace(" ", "")
    assert '"cards":[{' in found or '"services":[{' in found, done.stdout[:800]


def test_every_line_of_the_readme_is_tried() -> None:
    tried = [each for each in LINES if each.startswith(("rpild", *CALLS)) or each in STARTED_ELSEWHERE]
    assert tried == LINES


def test_make_demo_starts_with_arguments(tmp_path: Path) -> None:
    home = PROGRAMS.parent
    if not (home / ".demo-ready").exists() or not shutil.which("make"):
        pytest.skip("the environment was not built by make; run: make test")
    port, log = free_port_pair(), tmp_path / "demo.log"
    command = ["make", "demo", f"VENV={home}", f"ARGS=--port {port} --no-open"]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True) as process,
    ):
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            printed = log.read_text(encoding="utf-8")
            (opened,) = re.findall(r"^Open this.*?(https?://\S+)", printed, flags=re.MULTILINE)
            assert opened == f"http://localhost:{port + 1}/"
        finally:
            os.killpg(process.pid, 15)
