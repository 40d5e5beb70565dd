"""The circuit breaker: a server that is down costs a few calls their time, then none, and is tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ehr_access.breaker import FAILURES, OPEN_SECONDS, Breaker
from fhir_mappings.reads import Failure
from rpild_rules.findings import Reason
from tests.service.hostile_server import Behaviour, give, hostile_server, silent, status
from tests.service.test_fhir_client import PATIENT, Grant, reader

FAILED = {"key": Failure(Reason.FETCH_FAILED)}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def fhir() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        yield behaviour


@pytest.mark.verifies("F4")
def test_it_opens_tries_one_and_closes() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.lets_through()
        breaker.note(answered=False)
    assert not breaker.lets_through()
    clock.now = OPEN_SECONDS
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
    breaker.note(answered=False)
    clock.now += OPEN_SECONDS - 1
    assert not breaker.lets_through()
    clock.now += 1
    assert breaker.lets_through()
    breaker.note(answered=True)
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3


def test_an_answer_in_between_starts_the_count_anew() -> None:
    breaker = Breaker()
    for answered in (False, False, True, False, False):
        breaker.note(answered)
    assert breaker.lets_through()


def fetch(behaviour: Behaviour, ehr_reader: object) -> object:
    opened = ehr_reader.open(Grant(behaviour.base), "test")  # type: ignore[attr-defined]
    return opened({"key": "Patient/p"}, 1.0)


@pytest.mark.parametrize("act", [silent(1), status(503)], ids=["silent", "503"])
def test_a_server_that_is_down_is_left_alone_after_three_calls(fhir: Behaviour, act: object) -> None:
    fhir.acts["Patient/p"] = act  # type: ignore[assignment]
    calling = reader(fhir.base, seconds=0.1)
    for _ in range(FAILURES):
        assert fetch(fhir, calling) == FAILED
    asked = len(fhir.seen)
    began = time.monotonic()
    assert [fetch(fhir, calling) for _ in range(50)] == [FAILED] * 50
    assert time.monotonic() - began < 0.5
    assert len(fhir.seen) == asked


@pytest.mark.parametrize("code", [401, 403, 404, 500])
def test_a_server_that_refuses_is_not_down(fhir: Behaviour, code: int) -> None:
    fhir.acts["Patient/p"] = status(code)
    calling = reader(fhir.base)
    for _ in range(FAILURES + 1):
        fetch(fhir, calling)
    assert len(fhir.seen) == FAILURES + 1


def test_searches_that_hang_do_not_count_while_others_answer(fhir: Behaviour) -> None:
    fhir.acts["Patient/p"] = give(PATIENT)
    fhir.acts["Condition"] = silent(1)
    calling = reader(fhir.base, seconds=0.3)
    for _ in range(FAILURES + 1):
        opened = calling.open(Grant(fhir.base), "test")
        assert opened is not None
        assert isinstance(opened({"key": "Patient/p", "other": "Condition"}, 1.0)["key"], bytes)


def test_a_server_that_is_back_is_read_again(fhir: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ehr_access.breaker.OPEN_SECONDS", 0.2)
    calling = reader("http://127.0.0.1:1/fhir")
    gone = Behaviour(base="http://127.0.0.1:1/fhir")
    for _ in range(FAILURES):
        assert fetch(gone, calling) == FAILED
    calling = reader(fhir.base, seconds=0.1)
    fhir.acts["Patient/p"] = silent(1)
    for _ in range(FAILURES):
        assert fetch(fhir, calling) == FAILED
    fhir.acts["Patient/p"] = give(PATIENT)
    assert fetch(fhir, calling) == FAILED
    time.sleep(0.25)
    assert fetch(fhir, calling) != FAILED
