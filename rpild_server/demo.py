"""`rpild demo`: the plug-in and a demo EHR, two sites on loopback in one process, on synthetic data."""

from __future__ import annotations

import logging
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask

from ehr_access.client_keys import ClientKeys, load_client_keys, make_client_key
from rpild_server.app import create_app
from rpild_server.logs import start_logging
from rpild_server.loopback import HOST, serving
from rpild_server.settings import Settings, load_settings, records_of
from rpild_server.storing import temporary_store

if TYPE_CHECKING:
    from ehr_sandbox.authorization.clients import Client

DEMO_EHR = "demo"
CLIENT_ID = "rpild"
SERVICE_ID = "rpild-service"


class PortTakenError(Exception):
    """A port that the demo needs is in use; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two sites are: two hosts and two ports, so that a browser sees two sites as in a hospital."""

    port: int

    @property
    def plug_in(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def ehr(self) -> str:
        return f"http://localhost:{self.port + 1}"


def demo_settings(addresses: Addresses, trusted: tuple[str, ...], further: Path | None = None) -> Settings:
    """Cards on, assessment shown, the demo EHR and the given FHIR bases trusted; further EHRs from a settings file."""
    hosts = (addresses.ehr, f"http://{HOST}:{addresses.port + 1}")
    bases = (*(f"{host}{path}" for path in ("/fhir", "/open/fhir") for host in hosts), *trusted)
    own = {
        "name": DEMO_EHR,
        "iss": addresses.ehr,
        "jwks_url": f"{addresses.ehr}/.well-known/jwks.json",
        "fhir_bases": bases,
        "origins": frozenset({addresses.ehr}),
        "smart": True,
        "title": "Demo EHR",
        "client_id": CLIENT_ID,
        "resource_url": f"{addresses.ehr}/open/fhir/{{reference}}",
    }
    return load_settings(
        further,
        silent_mode=False,
        expose_assessment=True,
        public_base_url=addresses.plug_in,
        allow_http_loopback=True,
        accept_test_issuers=True,
        ehrs=(own, *records_of(further)),
    )


@contextmanager
def running_demo(
    port: int, trusted: tuple[str, ...] = (), further: Path | None = None, keys_file: Path | None = None
) -> Iterator[Addresses]:
    """Both sites, up when the block begins and closed when it ends; raises PortTakenError, SettingsError, KeysError.

    The plug-in signs with fresh keys, or with those of a file.
    On loopback and with synthetic data, a call without a token counts as one of the demo EHR.
    """
    from ehr_sandbox.app import create_sandbox

    addresses, up = Addresses(port), threading.Event()
    settings = demo_settings(addresses, trusted, further)
    keys = load_client_keys(keys_file) if keys_file else ClientKeys((make_client_key("demo", "ES384"),))
    sandbox = create_sandbox(cds_url=addresses.plug_in, base_url=addresses.ehr, clients=registrations(addresses))
    with ExitStack() as sites:
        store = sites.enter_context(temporary_store())
        plug_in = create_app(settings, ready=up.is_set, store=store, unsigned=DEMO_EHR, client_keys=keys)
        for app, own_port in ((plug_in, port), (sandbox, port + 1)):
            _enter(sites, app, own_port)
        up.set()
        yield addresses


def registrations(addresses: Addresses) -> tuple[Client, Client]:
    """The plug-in as the demo EHR knows it: the page as an app, and a service that reads by itself.

    Both prove themselves with an assertion signed by the same keys.
    """
    from ehr_sandbox.authorization.clients import SERVICE, Client

    keys = f"{addresses.plug_in}/smart/jwks.json"
    page = Client(
        CLIENT_ID,
        "RP-ILD decision support",
        launch_url=f"{addresses.plug_in}/smart/launch",
        redirect_uris=(f"{addresses.plug_in}/smart/callback/{DEMO_EHR}",),
        jwks_url=keys,
    )
    return page, Client(SERVICE_ID, "RP-ILD decision support, without a user", jwks_url=keys, grants=SERVICE)


def _enter(sites: ExitStack, app: Flask, port: int) -> None:
    try:
        sites.enter_context(serving(app, port))
    except OSError:
        remedy = "Choose another with --port; the demo takes it and the next."
        raise PortTakenError(f"Port {port} on {HOST} is in use. {remedy}") from None


def run_demo(
    port: int,
    trusted: tuple[str, ...],
    open_browser: bool,
    further: Path | None = None,
    keys_file: Path | None = None,
) -> None:
    """Serve until Ctrl-C; prints the one address to open."""
    start_logging()
    click.echo("Starting the plug-in and the demo EHR ...")
    with running_demo(port, trusted, further, keys_file) as addresses:
        click.echo(f"Plug-in, as an EHR calls it:       {addresses.plug_in}/cds-services")
        click.echo(f"Open this, the demo EHR:           {addresses.ehr}/  (synthetic patients; stop with Ctrl-C)")
        if open_browser:
            webbrowser.open(f"{addresses.ehr}/")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")


def run_demo_self_test(port: int) -> bool:
    """Both sites up for as long as it takes to ask about every patient; prints a table; whether all is well."""
    from rpild_server.self_test import run_self_test

    start_logging(logging.ERROR)
    with running_demo(port) as addresses:
        return run_self_test(addresses, click.echo)
