"""The wheel, installed in a clean environment without a checkout, does what the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port_pair, wait_until_ready

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without this checkout on the path."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "COV_"))}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, timeout=400, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the locked dependencies and the wheel; its folder of programs."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(home, with_pip=True)
    programs = home / "bin"
    locked = run(programs / "pip", "install", "-q", "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    if locked.returncode and "CI" not in os.environ and "connection" in locked.stderr.lower():
        pytest.skip("no network: the clean environment needs the packages of requirements.lock from the package index")
    assert locked.returncode == 0, locked.stderr
    installed = run(programs / "pip", "install", "-q", "--no-deps", wheel, cwd=home)
    assert installed.returncode == 0, installed.stderr
    return programs


def test_wheel_holds_data_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "rpild_server/static/logo.svg" in names
    for folder, ending in (
        ("rpild_rules/parameters/", ".toml"),
        ("fhir_mappings/codes/", ".toml"),
        ("ehr_sandbox/", ".html"),
    ):
        assert [each for each in names if each.startswith(folder) and each.endswith(ending)], folder
    assert [each for each in names if each.endswith("licenses/NOTICE")]
    assert [each for each in names if each.startswith(("tests/", "benchmarks/"))] == []


def test_check_passes_from_the_wheel(clean_environment: Path, tmp_path: Path) -> None:
    checked = run(clean_environment / "rpild", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_demo_starts_from_the_wheel(clean_environment: Path, tmp_path: Path) -> None:
    port, log = free_port_pair(), tmp_path / "demo.log"
    command = [str(clean_environment / "rpild"), "demo", "--port", str(port), "--no-open"]
    with log.open("wb") as out, subprocess.Popen(command, cwd=tmp_path, stdout=out, stderr=out) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
        assert process.wait(20) is not None
