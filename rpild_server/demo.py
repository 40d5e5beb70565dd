"""`rpild demo`: the plug-in and a demo EHR, two sites on loopback in one process, on synthetic data."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click
from flask import Flask
from waitress.server import create_server

from rpild_server.app import create_app
from rpild_server.logs import start_logging
from rpild_server.settings import EhrSettings, Settings, load_settings

LOOPBACK = "127.0.0.1"
THREADS = 8


class PortTakenError(Exception):
    """A port that the demo needs is in use; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two sites are: two hosts and two ports, so that a browser sees two sites as in a hospital."""

    port: int

    @property
    def plug_in(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def ehr(self) -> str:
        return f"http://localhost:{self.port + 1}"


@dataclass(slots=True)
class Sites:
    """Two running servers and the sign that both are up."""

    addresses: Addresses
    servers: list[Any] = field(default_factory=list)
    up: threading.Event = field(default_factory=threading.Event)


def demo_settings(addresses: Addresses, trusted: tuple[str, ...]) -> Settings:
    """Cards on, assessment shown, the demo EHR and the given FHIR bases trusted."""
    bases = (f"{addresses.ehr}/fhir", f"http://{LOOPBACK}:{addresses.port + 1}/fhir", *trusted)
    return load_settings(
        silent_mode=False,
        expose_assessment=True,
        cors_origins=frozenset({addresses.ehr}),
        ehrs=(EhrSettings(name="demo", fhir_bases=bases),),
    )


@contextmanager
def running_demo(port: int, trusted: tuple[str, ...] = ()) -> Iterator[Sites]:
    """Both sites, up when the block begins and closed when it ends; raises PortTakenError."""
    from ehr_sandbox.app import create_sandbox

    sites = Sites(Addresses(port))
    plug_in = create_app(demo_settings(sites.addresses, trusted), ready=sites.up.is_set)
    sandbox = create_sandbox(cds_url=sites.addresses.plug_in, base_url=sites.addresses.ehr)
    try:
        _serve(sites, plug_in, port)
        _serve(sites, sandbox, port + 1)
        sites.up.set()
        yield sites
    finally:
        for server in sites.servers:
            server.close()
            server.task_dispatcher.shutdown(timeout=1)


def _serve(sites: Sites, app: Flask, port: int) -> None:
    try:
        server = create_server(app, map={}, host=LOOPBACK, port=port, threads=THREADS, ident=None)
    except OSError:
        raise PortTakenError(
            f"Port {port} on {LOOPBACK} is in use. Choose another with --port; the demo takes it and the next."
        ) from None
    sites.servers.append(server)
    threading.Thread(target=server.run, daemon=True, name=f"site-{port}").start()


def run_demo(port: int, trusted: tuple[str, ...], open_browser: bool) -> None:
    """Serve until Ctrl-C; prints the one address to open."""
    start_logging()
    with running_demo(port, trusted) as sites:
        click.echo(f"Demo EHR with synthetic patients: {sites.addresses.ehr}/  (stop with Ctrl-C)")
        if open_browser:
            webbrowser.open(f"{sites.addresses.ehr}/")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")
