"""A CDS Hooks client that others wrote, in a real browser: it finds our services, calls them and shows our cards.

Known to it are its address (RPILD_CDS_CLIENT_URL) and what the public client takes from its own: `fhirServiceUrl`,
`patientId` and `serviceDiscoveryURL`. It signs as the public client does, with a key that anybody can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Response, sync_playwright

from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.settings import Settings, load_settings
from rpild_server.storing import temporary_store
from tests.conftest import SWITCHES, need
from tests.integration.rounds import Row, timed
from tests.smart.launch.conftest import Door

ISS = "https://sandbox.cds-hooks.org"
CALL, PATIENCE_MILLISECONDS = "/cds-services/rpild-patient-view", 60_000


def shown(client: str, fhir: str, patients: list[str]) -> Iterator[Row]:
    """A row for each patient whose chart the client opens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium", "chromium"), args=SWITCHES)
        for patient in patients:
            yield timed(
                "client in a browser", patient, lambda id=patient: _visit(browser, client.rstrip("/"), fhir, id)
            )
        browser.close()


def _visit(browser: Browser, client: str, fhir: str, patient: str) -> str:
    door = Door()
    with loopback.serving(door) as port, temporary_store() as store:
        url = f"http://127.0.0.1:{port}"
        door.app = create_app(_settings(url, client, fhir), store=store)
        told = {"fhirServiceUrl": fhir, "patientId": patient, "serviceDiscoveryURL": f"{url}/cds-services"}
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        with page.expect_response(lambda answer: _is_call(answer, url)) as awaited:
            page.goto(f"{client}/?{urlencode(told)}")
        answer = awaited.value
        assert answer.status == 200, f"the client's call was answered with {answer.status}: {answer.text()[:200]}"
        cards: list[dict[str, Any]] = answer.json()["cards"]
        for each in cards:
            page.get_by_text(each["summary"]).first.wait_for()
        page.close()
    return f"called with its own token, shows {len(cards)} of {len(cards)} cards"


def _is_call(answer: Response, url: str) -> bool:
    return answer.url == url + CALL and answer.request.method == "POST"


def _settings(url: str, client: str, fhir: str) -> Settings:
    parts = urlsplit(client)
    origin = f"{parts.scheme}://{parts.netloc}"
    record = {
        "name": "web-client", "iss": ISS, "jwks_url": f"{client}/.well-known/jwks.json", "fhir_bases": (fhir,),
        "jku": f"{ISS}/.well-known/jwks.json", "origins": frozenset({origin}),
    }  # fmt: skip
    return load_settings(
        public_base_url=url,
        allow_http_loopback=True,
        accept_test_issuers=True,
        silent_mode=False,
        read_seconds=3.0,
        ehrs=(record,),
    )
