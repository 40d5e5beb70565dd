"""Two hosts on one PostgreSQL behind a balancer: one token, one launch, one memory; and one host killed under load."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.operations.two_hosts import Hosts, two_hosts
from tests.recording.kills import CALLERS, PATH, Load, is_kept, kill_group, reopened, signed, under_load
from tests.service.calls import Json, fresh, sent
from tests.smart.launch.browsing import Browser

pytestmark = pytest.mark.slow
SECONDS_BEFORE, SECONDS_AFTER = 1.0, 1.5


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # of the workers that the hosts fork
        with two_hosts(tmp_path_factory.mktemp("hosts")) as running:
            yield running


def ask(load: Load, url: str, token: str = "", body: Json | None = None) -> requests.Response:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token or signed(load.key, load.url)}"}
    whole = sent(body or load.body | {"hookInstance": fresh()})
    return requests.post(url + PATH, data=whole, headers=headers, timeout=10)


def until_refused(url: str) -> None:
    """A killed process holds its port until the system has taken it down."""
    place, end = urlsplit(url), time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((str(place.hostname), place.port or 0)):
                return
        time.sleep(0.02)
    pytest.fail(f"{url} still answers")


def test_a_token_used_on_one_host_is_refused_by_the_other(hosts: Hosts) -> None:
    load = hosts.load()
    token = signed(load.key, load.url)
    assert ask(load, hosts.urls[0], token).status_code == 200
    assert ask(load, hosts.urls[1], token).status_code == 401
    again = signed(load.key, load.url)
    assert sorted(ask(load, hosts.balancer, again).status_code for _ in range(6)) == [200] + [401] * 5


def test_a_call_repeated_at_the_other_host_gets_the_same_bytes_and_a_card_is_not_shown_twice(hosts: Hosts) -> None:
    load = hosts.load()
    body = load.body | {"hookInstance": fresh(), "context": {"userId": "Practitioner/both", "patientId": "p1"}}
    first, same = (ask(load, url, body=body) for url in hosts.urls)
    assert first.json()["cards"]
    assert same.content == first.content
    assert ask(load, hosts.urls[1], body=body | {"hookInstance": fresh()}).json()["cards"] == []


def test_a_launch_begun_on_one_host_is_finished_on_the_other(hosts: Hosts) -> None:
    browser = Browser(hosts.urls[0])
    launch = requests.get(f"{hosts.ehr}/auth/launch/classic", allow_redirects=False, timeout=10).headers["Location"]
    sent_on = browser.get(hosts.at(0, launch)).headers["Location"]
    back = browser.get(sent_on).headers["Location"]
    assert back.startswith(f"{hosts.balancer}/smart/callback/demo?")
    browser.home = hosts.urls[1]
    opened = browser.get(hosts.at(1, back))
    assert opened.status_code == 303, opened.text
    assert "Aiko Morland" in browser.get(opened.headers["Location"]).text
    browser.home = hosts.urls[0]
    assert "Aiko Morland" in browser.get(opened.headers["Location"]).text, "a page is no host's own"


def test_the_workers_of_both_hosts_send_their_spans(hosts: Hosts) -> None:
    traces = [uuid.uuid4().hex for _ in hosts.urls]
    for url, trace in zip(hosts.urls, traces, strict=True):
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        assert requests.get(f"{url}/cds-services", headers=headers, timeout=10).status_code == 200
    found = hosts.receiver.wait_for(lambda spans: {each.trace_id.hex() for each in spans} >= set(traces))
    assert {each.name for each in found if each.trace_id.hex() in traces} == {"GET /cds-services"}


def test_the_balancer_passes_on_what_is_for_the_outside_and_keeps_no_body_on_disk(hosts: Hosts, tmp_path: Path) -> None:
    load = hosts.load()
    wide = load.body | {"hookInstance": fresh(), "extension": {"wide": "x" * 200_000}}
    assert ask(load, hosts.balancer, body=wide).status_code == 200
    assert requests.get(f"{hosts.urls[0]}/metrics", timeout=10).status_code == 200
    assert {requests.get(f"{hosts.balancer}/{each}", timeout=10).status_code for each in ("metrics", "readyz")} == {404}
    assert "temporary file" not in (hosts.config.parent / "nginx.log").read_text()


def test_a_host_killed_under_load_loses_no_decision_and_the_other_goes_on(hosts: Hosts) -> None:
    load = hosts.load()
    with under_load(load):
        time.sleep(SECONDS_BEFORE)
        known = len(load.acknowledged)
        kill_group(hosts.processes[0])
        until_refused(hosts.urls[0])
    later = Load(load.url, load.key, load.body)
    with under_load(later):
        time.sleep(SECONDS_AFTER)
    assert known
    assert set(load.statuses) <= {200, 502}
    assert load.statuses.count(502) <= CALLERS, "only a call that was under way at the dead host is not answered"
    assert set(later.statuses) == {200}, "the other host answers all that is begun later"
    with reopened(hosts.config) as (storage, whole):
        answers = load.acknowledged | later.acknowledged
        assert [id for id, answer in answers.items() if not is_kept(storage, id, answer)] == []
        assert whole, "the audit chain holds, and vouches for every record"
