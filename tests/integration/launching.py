"""Launch and page with a FHIR server's data: by a launcher that the caller names, or by a small front of our own.

A launcher is named by an address with `{launch_uri}` and `{patient}` in it, to which it answers with a redirect to our
launch address, or by a finished launch link (`...?iss=...&launch=...`), which is opened once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests

from ehr_access.client_keys import ClientKeys
from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.assessing import assess_file
from rpild_server.html_page import html_of
from rpild_server.settings import load_settings
from rpild_server.storing import temporary_store
from tests.integration.rounds import PATIENCE, Row, timed
from tests.smart.launch.browsing import Browser, query
from tests.smart.launch.conftest import Door

CLOCK = re.compile(r"\d\d:\d\d")  # the two are made some moments apart
TITLE = re.compile(r'<h1 id="(standing|outside)-title">([^<]*)</h1>')
ANY = "{launch_uri}"


def launched(launcher: str, files: dict[str, Path | None]) -> Iterator[Row]:
    """A row for each patient; `files` holds the same chart as a file, where we wrote it."""
    if ANY not in launcher:
        yield timed("launch and page", "of the link", lambda: _opened(launcher, launcher, "", None))
        return
    for patient, chart in files.items():
        yield timed("launch and page", patient, lambda id=patient, file=chart: _opened(launcher, "", id, file))


def _opened(launcher: str, link: str, patient: str, chart: Path | None) -> str:
    """What came of one launch; nothing that the page says is repeated."""
    door = Door()
    with loopback.serving(door) as port, temporary_store() as store:
        url = f"http://127.0.0.1:{port}"
        given = query(link or _link(launcher, f"{url}/smart/launch", patient))
        door.app = create_app(_settings(url, given["iss"]), store=store, client_keys=ClientKeys())
        last, page = Browser(url).follow(f"{url}/smart/launch?{urlencode(given)}")
    said = _title(page.text)
    assert page.status_code == 200, f"{page.status_code} from {urlsplit(last).netloc}: {said}"
    if chart:
        own = _title(html_of(assess_file(chart, patient, datetime.now(UTC), None), chart.read_bytes()))
        assert said == own, "the page's first sentence is not that of the chart in a file"
    return f"{len(page.content) // 1000} kB{', says what the chart in a file says' if chart else ''}"


def _settings(url: str, iss: str) -> Any:
    record = {
        "name": "launcher", "smart": True, "client_id": "rpild", "client_auth": "none", "fhir_bases": (iss,),
        "endpoint_hosts": frozenset({urlsplit(iss).netloc}),
    }  # fmt: skip
    return load_settings(public_base_url=url, allow_http_loopback=True, read_seconds=3.0, ehrs=(record,))


def _link(launcher: str, launch_uri: str, patient: str) -> str:
    """The launch link that the launcher sends a browser to."""
    asked = launcher.replace(ANY, quote(launch_uri, safe="")).replace("{patient}", quote(patient, safe=""))
    answer = requests.get(asked, allow_redirects=False, timeout=PATIENCE)
    assert answer.is_redirect, f"{answer.status_code}: the launcher did not redirect to {launch_uri}"
    return answer.headers["Location"]


def _title(page: str) -> str:
    found = TITLE.search(page) or re.search(r"<h1()[^>]*>([^<]*)</h1>", page)
    return CLOCK.sub("", found[2].strip()) if found else page[:200]
