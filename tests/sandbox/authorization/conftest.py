"""One strict EHR on a real port for all tests of its authorization server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ehr_sandbox.app import create_sandbox
from rpild_server.loopback import serving
from tests.conftest import free_port_pair
from tests.sandbox.authorization.site import CLIENTS, App

Apps = Callable[[str], App]


@pytest.fixture(scope="module")
def apps() -> Iterator[Apps]:
    """Any registered client of a running EHR."""
    port = free_port_pair()
    base = f"http://localhost:{port}"
    sandbox = create_sandbox("http://127.0.0.1:9", base, clients=CLIENTS)
    with serving(sandbox, port):
        yield lambda client_id: App(base, sandbox.extensions["launcher"], client_id)


@pytest.fixture
def app(apps: Apps) -> App:
    """The app that proves itself with a signed assertion."""
    return apps("app")
