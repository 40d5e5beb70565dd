"""A rule that does not come to an end is interrupted: alone it is unknown, elsewhere the call is a coded error (S6)."""

from __future__ import annotations

import time
from typing import Any, NoReturn

import pytest
import requests

from cds_hooks.errors import TooSlowError
from rpild_rules.assess import TookTooLongError
from rpild_server.rule_time import LIMIT_SECONDS, RuleWatch, clock_of_this_thread
from tests.recording.conftest import FIRST, Hospital
from tests.service.calls import healthy

LONGEST = 20 * LIMIT_SECONDS  # on a machine that is busy


def endless(*_: object) -> NoReturn:
    while True:
        pass


def counted(hospital: Hospital, name: str) -> float:
    page = requests.get(f"{hospital.url}/metrics", timeout=5).text
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name))


@pytest.mark.verifies("S6")
def test_a_criterion_that_loops_is_unknown_and_the_others_stand(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rpild_rules.definition.hrct_increase", endless)
    begun = time.monotonic()
    answer = hospital.ask(hospital.body())
    assert time.monotonic() - begun < LONGEST
    content = answer.json()
    criteria = content["extension"]["org.rpild.assessment"]["criteria"]
    assert (criteria["hrctIncrease"], criteria["fvcDecline"]) == ("unknown", "met")
    assert [card["source"]["topic"]["code"] for card in content["cards"]] == [FIRST]
    assert "A rule failed and was left out: hrctIncrease" in content["cards"][0]["detail"]
    assert counted(hospital, 'rpild_faults_total{kind="rule-failed"}') == 1
    assert hospital.ask(hospital.body() | {"prefetch": healthy(hospital.keys)}).json()["cards"] == []


@pytest.mark.parametrize("place", ["rpild_rules.assess.find_stage", "cds_hooks.conclusion.decide"])
def test_any_other_rule_that_loops_is_a_coded_error(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with monkeypatch.context() as spoilt:
        spoilt.setattr(place, endless)
        answer = hospital.ask(hospital.body())
    assert answer.status_code == 500
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "RPILD-TOO-SLOW"
    assert counted(hospital, 'rpild_faults_total{kind="fault"}') == 1
    (event,) = hospital.log("refused")
    assert "RPILD-TOO-SLOW" in event.what
    assert hospital.topics() == [FIRST]


def test_work_in_time_is_left_alone() -> None:
    watch = RuleWatch()
    assert [watch(lambda: 1), watch(lambda: "a")] == [1, "a"]
    with pytest.raises(ZeroDivisionError):
        watch(lambda: 1 // 0)


def test_each_of_several_that_loop_is_interrupted() -> None:
    watch, interrupted = RuleWatch(0.02, 0.005), []

    def three() -> str:
        for _ in range(3):
            try:
                endless()
            except TookTooLongError:
                interrupted.append(1)
        return "done"

    assert (watch(three), len(interrupted)) == ("done", 3)


def test_waiting_costs_nothing() -> None:
    watch = RuleWatch(0.05, 0.01)
    assert watch(lambda: time.sleep(0.2)) is None


def test_no_interruption_comes_later() -> None:
    """Work that ends about when its time does: ended well or interrupted, and never after it is over."""
    watch, clock, ends = RuleWatch(0.002, 0.0005), clock_of_this_thread(), {"well": 0, "interrupted": 0}
    for number in range(400):
        until = clock() + 0.0016 + (number % 40) * 0.00002
        try:
            watch(lambda until=until: _busy(clock, until))
            ends["well"] += 1
        except TooSlowError:
            ends["interrupted"] += 1
        _busy(clock, clock() + 0.0002)  # a late one would be raised here
    assert min(ends.values()) > 0, ends


def _busy(clock: Any, until: float) -> None:
    while clock() < until:
        pass


def test_where_threads_have_no_clock_it_is_the_steady_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid")
    assert clock_of_this_thread() is time.monotonic
