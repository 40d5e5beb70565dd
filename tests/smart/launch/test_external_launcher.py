"""The handshake with somebody else's SMART launcher, for who names one; it proves no more, launchers are lenient.

Set RPILD_LAUNCHER_URL to a launch link as the launcher shows it, `.../smart/launch?iss=...&launch=...`, made with a
patient, a user and without sign-in pages; its host does not matter, `iss` and `launch` do. A server that knows its apps
must know a public app `rpild` with the redirect URI http://127.0.0.1:PORT/smart/callback/launcher: then set
RPILD_LAUNCHER_APP_PORT to that PORT.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest
import requests

from ehr_access.client_keys import ClientKeys
from rpild_rules.knowledge import Knowledge
from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.settings import load_settings
from rpild_server.storing import temporary_store
from tests.smart.launch.browsing import Browser, query
from tests.smart.launch.conftest import Door

LINK = os.environ.get("RPILD_LAUNCHER_URL", "")
PORT = int(os.environ.get("RPILD_LAUNCHER_APP_PORT", "0"))


@pytest.mark.skipif(not LINK, reason="opt-in: set RPILD_LAUNCHER_URL to a launch link of a SMART launcher")
def test_the_launcher_opens_the_page(knowledge: Knowledge) -> None:
    door, given = Door(), query(LINK)
    record = {
        "name": "launcher", "smart": True, "client_id": "rpild", "client_auth": "none", "fhir_bases": (given["iss"],),
        "endpoint_hosts": frozenset({urlsplit(given["iss"]).netloc}),
    }  # fmt: skip
    with loopback.serving(door, PORT) as port, temporary_store() as store:
        url = f"http://127.0.0.1:{port}"
        settings = load_settings(public_base_url=url, allow_http_loopback=True, ehrs=(record,))
        door.app = create_app(settings, knowledge, store=store, client_keys=ClientKeys())
        start = requests.Request("GET", f"{url}/smart/launch", params=given).prepare().url
        assert start
        _, page = Browser(url).follow(start)
        assert page.status_code == 200, page.text[:2000]
        assert 'id="standing"' in page.text
