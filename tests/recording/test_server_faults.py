"""Faults of storage, clock and process, seen from the running service (rows S1 to S9 of the fault table)."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.cli.serving import command, write_site
from tests.conftest import ROOT, free_port, wait_until_ready
from tests.recording.conftest import FIRST, START, Hospital, running
from tests.recording.kills import CALLERS, is_kept, kill_rounds, new_load, reopened, serving_group, under_load


def code_of(answer: requests.Response) -> str:
    return str(answer.json()["issue"][0]["details"]["coding"][0]["code"])


@pytest.mark.verifies("S1")
def test_a_locked_database_is_a_503_and_passes(hospital: Hospital, tmp_path: Path) -> None:
    hospital.topics("dr0")
    holder = sqlite3.connect(tmp_path / "data/records.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    answer = hospital.ask(hospital.body())
    assert (answer.status_code, code_of(answer), answer.headers["Retry-After"]) == (503, "RPILD-NOT-RECORDED", "5")
    assert time.monotonic() - begun < 3
    holder.execute("ROLLBACK")
    holder.close()
    assert hospital.topics() == [FIRST]
    assert hospital.run("audit", "verify").exit_code == 0


@pytest.mark.verifies("S1")
@pytest.mark.slow
def test_a_full_disk_is_a_503_and_no_crash(tmp_path: Path) -> None:
    """Files cannot grow beyond a size, as on a full disk."""
    port = free_port()
    config, url = write_site(tmp_path, port, free_port(), workers="1"), f"http://127.0.0.1:{port}"
    size, log = 1_000_000, tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command(config), cwd=ROOT, stdout=out, stderr=out,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        )  # fmt: skip
    try:
        wait_until_ready(url, process, log)
        load = new_load(tmp_path, url)
        while len(load.statuses) < 600 and load.statuses[-3:] != [503] * 3:
            load.call(f"Practitioner/{len(load.statuses)}")
        assert set(load.statuses) == {200, 503}
        assert requests.get(f"{url}/livez", timeout=5).status_code == 200
        assert requests.get(f"{url}/readyz", timeout=5).status_code == 503
        assert "Traceback" not in log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with reopened(config) as (storage, whole):
        assert whole
        assert [id for id, answer in load.acknowledged.items() if not is_kept(storage, id, answer)] == []


@pytest.mark.verifies("S2")
@pytest.mark.slow
def test_kills_of_the_whole_service_lose_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """A few of the 500 of `make soak`."""
    outcome = kill_rounds(tmp_path, rounds=4, seed=20261122)
    assert outcome.good, outcome
    assert outcome.rounds == 4
    assert outcome.acknowledged >= 16
    record_property("kept", [outcome.acknowledged, outcome.lost])


@pytest.mark.verifies("S4")
def test_a_clock_that_jumped_ahead_silences_nothing_later(hospital: Hospital) -> None:
    hospital.clock.now = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
    answer = hospital.ask(hospital.body())
    assert answer.status_code == 200
    hospital.clock.now = START
    assert hospital.topics() == [FIRST]
    hospital.clock.now = START - timedelta(days=1)
    assert hospital.ask(hospital.body("dr9")).status_code == 200
    assert hospital.run("audit", "verify").exit_code == 0


@pytest.mark.verifies("S4")
@pytest.mark.parametrize("hours", [-1, 1])
def test_an_hour_more_or_less_changes_no_silence(hospital: Hospital, hours: int) -> None:
    assert hospital.topics() == [FIRST]
    hospital.clock.pass_by(hours=hours)
    assert hospital.topics() == []


@pytest.mark.verifies("S7")
@pytest.mark.slow
def test_told_to_stop_under_load_it_ends_what_it_began(tmp_path: Path) -> None:
    port = free_port()
    config, url = write_site(tmp_path, port, free_port(), workers="2"), f"http://127.0.0.1:{port}"
    with serving_group(config, url) as process:
        load = new_load(tmp_path, url)
        with under_load(load):
            time.sleep(0.5)
            begun = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(12) == 0
            assert time.monotonic() - begun < 10
            load.stop.set()
    assert set(load.statuses) <= {200, 503}
    assert len(load.acknowledged) > CALLERS
    assert "worker-died" not in config.with_name("kill.log").read_text()
    with reopened(config) as (storage, whole):
        assert whole
        assert [id for id, answer in load.acknowledged.items() if not is_kept(storage, id, answer)] == []


@pytest.mark.verifies("S7")
@pytest.mark.slow
def test_a_worker_that_is_killed_breaks_its_calls_and_no_others(tmp_path: Path) -> None:
    """As the kernel does when memory runs out: the EHR sees a broken connection, never an empty answer."""
    port = free_port()
    config, url = write_site(tmp_path, port, free_port(), workers="2"), f"http://127.0.0.1:{port}"
    with serving_group(config, url) as process:
        load, killed = new_load(tmp_path, url), 0
        with under_load(load):
            while not load.broken and killed < 20:
                assert load.answered.wait(10)
                os.kill(workers_of(process.pid)[0], signal.SIGKILL)
                killed += 1
                load.answered.clear()  # the other worker goes on, or the next one
                time.sleep(0.2)
            assert load.answered.wait(10)
        metrics = requests.get(f"{url}/metrics", timeout=5).text
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(12) == 0
    assert load.broken > 0
    assert set(load.statuses) == {200}
    assert all(json.loads(answer)["cards"] for answer in load.acknowledged.values())
    assert f'rpild_faults_total{{kind="worker-died"}} {killed}.0' in metrics
    log = config.with_name("kill.log").read_text()
    assert log.count('"event": "worker-died"') == killed
    with reopened(config) as (storage, whole):
        assert whole
        assert [id for id, answer in load.acknowledged.items() if not is_kept(storage, id, answer)] == []


def workers_of(master: int) -> list[int]:
    """The processes that a service has begun, oldest first."""
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


@pytest.mark.verifies("S7")
@pytest.mark.slow
def test_two_hundred_calls_at_once(hospital: Hospital) -> None:
    bodies = [hospital.body(f"dr{number}") for number in range(200)]
    with ThreadPoolExecutor(200) as pool:
        # An answer that is kept keeps its connection open.
        statuses = list(pool.map(lambda body: hospital.ask(body).status_code, bodies))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 100
    assert hospital.topics("later") == [FIRST]
    assert hospital.run("audit", "verify").exit_code == 0


@pytest.mark.verifies("S8")
def test_a_removed_head_is_named(hospital: Hospital, tmp_path: Path) -> None:
    hospital.topics()
    hospital.settle()
    with sqlite3.connect(tmp_path / "data/records.sqlite3") as files:
        files.execute("DELETE FROM audit_head")
    bad = hospital.run("audit", "verify")
    assert (bad.exit_code, "head of the audit log is gone" in bad.stdout) == (1, True)
    answer = hospital.ask(hospital.body("dr2"))
    assert (answer.status_code, code_of(answer)) == (503, "RPILD-NOT-RECORDED")


@pytest.mark.verifies("S9")
def test_switches_flipped_meanwhile_leave_a_call_as_it_began(tmp_path: Path) -> None:
    with running(tmp_path) as hospital, ThreadPoolExecutor(8) as pool:
        bodies = [hospital.body(f"dr{number}") for number in range(60)]
        asked = [pool.submit(hospital.ask, body) for body in bodies]
        for state in ("silent", "on", "off", "on"):
            hospital.run("switch", state)
            hospital.store().switches._read_at = None
        answers = [each.result() for each in asked]
        # A machine that is busy may refuse some, with a reason; none is answered half.
        assert {each.status_code for each in answers} <= {200, 503}
        given = [each for each in answers if each.status_code == 200]
        assert len(given) > 50
        for each in given:
            content = each.json()
            shown = [card["source"]["topic"]["code"] for card in content["cards"]]
            told = content.get("extension", {}).get("org.rpild.assessment", {}).get("cards", [])
            assert shown == told
        changes = [json.loads(event.what)["state"] for event in hospital.log("switch")]
        assert changes == ["silent", "on", "off", "on"]
