"""Two `rpild serve` hosts on one PostgreSQL behind the nginx configuration that we ship, and an EHR that they know."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from ehr_sandbox.app import create_sandbox
from ehr_sandbox.authorization.clients import Client
from rpild_server import loopback
from rpild_server.cli import main
from tests.cli.serving import ISS, write_site
from tests.conftest import ROOT, free_port, need
from tests.operations.otlp_receiver import Receiver, receiving
from tests.recording.kills import Load, new_load, serving_group
from tests.storage.cluster import cluster, new_database

SHIPPED = ROOT / "deploy" / "nginx" / "rpild.conf"


@dataclass(frozen=True)
class Hosts:
    """`balancer` is what EHRs call; `urls` are the hosts themselves, `processes` their groups, `ehr` the demo EHR."""

    balancer: str
    urls: tuple[str, str]
    processes: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
    config: Path
    ehr: str
    receiver: Receiver

    def load(self) -> Load:
        """Signed calls by way of the balancer, whose address is their audience."""
        return new_load(self.config.parent, self.balancer)

    def at(self, host: int, address: str) -> str:
        """An address behind the balancer, asked of one host."""
        return address.replace(self.balancer, self.urls[host], 1)


@contextmanager
def two_hosts(folder: Path) -> Iterator[Hosts]:
    """Everything while the block runs; a host may be killed in it."""
    nginx = need("nginx", "nginx-light")
    front, ports, ehr_port = free_port(), (free_port(), free_port()), free_port()
    balancer, ehr = f"http://127.0.0.1:{front}", f"http://localhost:{ehr_port}"
    with ExitStack() as opened:
        opened.enter_context(loopback.serving(_demo_ehr(balancer, ehr), ehr_port))
        receiver = opened.enter_context(receiving())
        database = new_database(opened.enter_context(cluster()))
        stores = {"database_url": f'"{database}"', "otlp_endpoint": f'"{receiver.url}"'}
        configs = _configs(folder, balancer, ports, stores, ehr)
        opened.enter_context(_balancing(nginx, folder, front, ports))
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        one, two = (opened.enter_context(serving_group(*each)) for each in zip(configs, urls, strict=True))
        yield Hosts(balancer, (urls[0], urls[1]), (one, two), configs[1], ehr, receiver)


def _demo_ehr(balancer: str, ehr: str) -> object:
    app = Client(
        "rpild",
        launch_url=f"{balancer}/smart/launch",
        redirect_uris=(f"{balancer}/smart/callback/demo",),
        jwks_url=f"{balancer}/smart/jwks.json",
    )
    return create_sandbox(balancer, ehr, clients=(app,))


def _configs(folder: Path, balancer: str, ports: tuple[int, int], shared: dict[str, str], ehr: str) -> list[Path]:
    """One site; the second host differs in its port alone."""
    made = CliRunner().invoke(main, ["client-key", str(folder / "client-keys.json")])
    assert made.exit_code == 0, made.output
    known = f'{{name = "kit", iss = "{ISS}", jwks_file = "keys.json"}}'
    demo = f'{{name = "demo", smart = true, client_id = "rpild", fhir_bases = ["{ehr}/fhir"]}}'
    first = write_site(
        folder,
        ports[0],
        free_port(),
        public_base_url=f'"{balancer}"',
        workers="1",
        canary_minutes="0",
        hosts="2",
        data_folder="",
        client_keys_file='"client-keys.json"',
        ehrs=f"[{known}, {demo}]",
        **shared,
    )
    second = folder / "second.toml"
    second.write_text(first.read_text().replace(f"port = {ports[0]}\n", f"port = {ports[1]}\n"))
    return [first, second]


@contextmanager
def _balancing(nginx: str, folder: Path, front: int, ports: tuple[int, int]) -> Iterator[None]:
    """The shipped configuration with this machine's ports and without a certificate."""
    site = re.sub(r"^\s*ssl_.*$", "", SHIPPED.read_text(), flags=re.MULTILINE)
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{front}")
    for number, port in enumerate(ports, 1):
        site = site.replace(f"rpild-{number}.hospital.example:8000", f"127.0.0.1:{port}")
    paths = "".join(f"{name}_temp_path {folder}/temp;" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"daemon off; master_process off; pid {folder}/nginx.pid; events {{}} http {{ access_log off; {paths}\n"
    (folder / "nginx.conf").write_text(f"{whole}{site}}}\n")
    command = [nginx, "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "nginx.log")]
    with subprocess.Popen(command) as process:
        try:
            _until_bound(process, front)
            yield
        finally:
            process.kill()


def _until_bound(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx did not start; its nginx.log tells why")
