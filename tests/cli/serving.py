"""`rpild serve` as an operator starts it: a folder with configuration, secrets and an EHR's keys, and the process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joserfc.jwk import ECKey

from rpild_server.initial import write_initial
from tests.conftest import ROOT, free_port, wait_until_ready

ISS = "https://kit.example"


@dataclass(frozen=True)
class Served:
    """A running production stack; `jwk` is the private key of the one EHR it knows."""

    url: str
    fhir_port: int
    jwk: Path
    log: Path
    process: subprocess.Popen[bytes]


def write_site(folder: Path, port: int, fhir_port: int, **changed: str) -> Path:
    """A configuration that `rpild serve` accepts; a changed line of None is left out, others are TOML values."""
    config, _ = write_initial(folder, date(2026, 11, 22))
    key = ECKey.generate_key("P-384", {"kid": "kit"})
    (folder / "kit.jwk").write_text(json.dumps(key.as_dict(private=True)))
    (folder / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    lines = {
        "public_base_url": f'"http://127.0.0.1:{port}"',
        "port": str(port),
        "workers": "2",
        "data_folder": '"data"',
        "secrets_file": '"secrets.toml"',
        "silent_mode": "false",
        "expose_assessment": "true",
        "allow_http_loopback": "true",
        "ehrs": f'[{{name = "kit", iss = "{ISS}", jwks_file = "keys.json", '
        f'fhir_bases = ["http://127.0.0.1:{fhir_port}/fhir"]}}]',
    } | changed
    config.write_text("".join(f"{name} = {value}\n" for name, value in lines.items() if value))
    return config


def command(config: Path) -> list[str]:
    return [str(Path(sys.executable).with_name("rpild")), "serve", "--config", str(config)]


@contextmanager
def served(folder: Path, **changed: str) -> Iterator[Served]:
    """The production stack while the block runs; it must end cleanly when it is told to."""
    port, fhir_port, log = free_port(), free_port(), folder / "log"
    config = write_site(folder, port, fhir_port, **changed)
    with log.open("wb") as out, subprocess.Popen(command(config), cwd=ROOT, stdout=out, stderr=out) as process:
        running = Served(f"http://127.0.0.1:{port}", fhir_port, folder / "kit.jwk", log, process)
        try:
            wait_until_ready(running.url, process, log)
            yield running
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, log.read_text()[-2000:]
        finally:
            process.kill()
