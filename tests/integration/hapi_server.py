"""HAPI FHIR as an EHR: built from Maven Central's jars with Java 17, in memory, reached like any other server."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.conftest import ROOT, free_port, need

HERE = Path(__file__).parent / "hapi"
SOURCE = HERE / "src" / "main" / "java" / "FhirServer.java"
PATIENCE = 180.0


def build() -> Path:
    """The folder with jars and the compiled server; made once for each state of its two sources."""
    mvn, javac = need("mvn", "maven"), need("javac", "openjdk-17-jdk-headless")
    state = hashlib.sha256((HERE / "pom.xml").read_bytes() + SOURCE.read_bytes()).hexdigest()[:16]
    folder = ROOT / "build" / "hapi" / state
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(
            [
                mvn,
                "-q",
                "-B",
                "-f",
                str(HERE / "pom.xml"),
                "dependency:copy-dependencies",
                f"-DoutputDirectory={folder / 'lib'}",
            ]
        )
        _run([javac, "-nowarn", "-cp", f"{folder / 'lib'}/*", "-d", str(folder / "classes"), str(SOURCE)])
        (folder / "done").touch()
    return folder


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{' '.join(command[:3])} failed:\n{(done.stdout + done.stderr)[-3000:]}"


@contextmanager
def hapi(log: Path) -> Iterator[str]:
    """The base address of a fresh HAPI FHIR R4 server while the block runs."""
    java, folder, port = need("java", "openjdk-17-jre-headless"), build(), free_port()
    command = [
        java,
        "-Xmx1g",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        f"{folder / 'classes'}:{folder / 'lib'}/*",
        "FhirServer",
        str(port),
    ]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            yield _when_up(f"http://127.0.0.1:{port}/fhir", process, log)
        finally:
            process.kill()


def _when_up(base: str, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{base}/metadata", timeout=30).ok:
                return base
        except requests.ConnectionError:
            time.sleep(0.5)
    raise AssertionError(f"HAPI FHIR did not start; it printed:\n{log.read_text()[-3000:]}")
