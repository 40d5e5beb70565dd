"""The plug-in beside scripted EHRs, and the whole demo: the real application on free ports, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

from ehr_access.client_keys import ClientKeys, make_client_key
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.demo import running_demo
from rpild_server.settings import load_settings
from rpild_server.storage.tables import audit_log
from rpild_server.storing import Store, temporary_store
from tests.conftest import free_port_pair
from tests.smart.launch.browsing import Browser, query
from tests.smart.launch.scripted_ehr import ScriptedEhr, scripted_ehr


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


@dataclass
class Clock:
    """The plug-in's clock, which a test may set forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)


@dataclass
class PlugIn:
    """A running plug-in with the EHRs it knows, by name."""

    url: str
    ehrs: dict[str, ScriptedEhr]
    clock: Clock
    store: Store
    keys: ClientKeys
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return f"__Host-rpild-{self.url.rpartition(':')[2]}"

    def browser(self) -> Browser:
        return Browser(self.url)

    def launch(self, browser: Browser, ehr: str = "north", **changed: str) -> dict[str, str]:
        """The parameters with which the user is sent to the EHR."""
        answer = self.launched(browser, ehr, **changed)
        assert answer.status_code == 303, answer.text
        return query(answer.headers["Location"])

    def launched(self, browser: Browser, ehr: str = "north", **changed: str) -> requests.Response:
        given = {"iss": self.ehrs[ehr].fhir, "launch": "token-1"} | changed
        address = requests.Request("GET", f"{self.url}/smart/launch", params=given).prepare().url
        assert address
        return browser.get(address)

    def called_back(self, browser: Browser, ehr: str = "north", **parameters: str) -> requests.Response:
        address = requests.Request("GET", f"{self.url}/smart/callback/{ehr}", params=parameters).prepare().url
        assert address
        return browser.get(address)

    def page(self, browser: Browser, ehr: str = "north", **changed: str) -> str:
        """The path of an opened page."""
        state = self.launch(browser, ehr, **changed)["state"]
        answer = self.called_back(browser, ehr, state=state, code="code-1")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def audited(self) -> list[tuple[str, str]]:
        """Kind and details of every event on the audit log."""
        storage = self.store()
        storage.writer.run(lambda _batch: None, 5)
        with storage.engine.connect() as connection:
            rows = connection.execute(select(audit_log.c.kind, audit_log.c.what).order_by(audit_log.c.seq))
            return [(row.kind, row.what) for row in rows]


class Door:
    """What is served before the application is there: the application needs to know the port."""

    app: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


RSA = make_client_key("k2", "RS384")  # slow to make
Records = dict[str, dict[str, Any]]


@contextmanager
def plug_in(
    knowledge: Knowledge, records: Records | None = None, unsigned: str = "", **settings: Any
) -> Iterator[PlugIn]:
    """A plug-in that knows the EHRs `north` and `south`, each with changes to its record."""
    clock, keys, door = Clock(), ClientKeys((make_client_key("k1", "ES384"), RSA)), Door()
    with ExitStack() as stack:
        url = f"http://127.0.0.1:{stack.enter_context(loopback.serving(door))}"
        ehrs = {name: stack.enter_context(scripted_ehr()) for name in ("north", "south")}
        store = stack.enter_context(temporary_store())
        rows = tuple(_record(name, ehr) | (records or {}).get(name, {}) for name, ehr in ehrs.items())
        given = {"public_base_url": url, "allow_http_loopback": True, "read_seconds": 2.0, "ehrs": rows}
        options = {"now": clock, "store": store, "client_keys": keys, "unsigned": unsigned}
        door.app = create_app(load_settings(**(given | settings)), knowledge, **options)
        yield PlugIn(url, ehrs, clock, store, keys)


def _record(name: str, ehr: ScriptedEhr) -> dict[str, Any]:
    origin = f"https://{name}.example"
    return {
        "name": name, "smart": True, "client_id": "rpild", "fhir_bases": (ehr.fhir,), "origins": frozenset({origin}),
    }  # fmt: skip


@pytest.fixture
def site(knowledge: Knowledge) -> Iterator[PlugIn]:
    with plug_in(knowledge) as running:
        yield running


@dataclass
class DemoSite:
    """The running demo."""

    url: str
    ehr: str

    def browser(self) -> Browser:
        return Browser(self.url)

    def open(self, browser: Browser, patient: str, query: str = "") -> tuple[str, requests.Response]:
        return browser.follow(f"{self.ehr}/auth/launch/{patient}{query}")


@pytest.fixture(scope="module")
def demo_site() -> Iterator[DemoSite]:
    with running_demo(free_port_pair()) as addresses:
        yield DemoSite(addresses.plug_in, addresses.ehr)
