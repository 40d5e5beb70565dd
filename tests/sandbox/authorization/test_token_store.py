"""One-time acts under many threads, and a memory with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from ehr_sandbox.authorization import token_store
from ehr_sandbox.authorization.clients import Client
from ehr_sandbox.authorization.grants_given import Authorization, Code, LaunchContext, Token
from ehr_sandbox.authorization.launches import LIFETIME_SECONDS, Launches, launch_address
from ehr_sandbox.authorization.token_store import TokenStore

THREADS, ROUNDS = 8, 50


def authorization() -> Authorization:
    return Authorization("app", "patient/*.rs", LaunchContext("dr-demo", "classic"), time.time() + 1000)


def refresh_token(value: str = "r") -> Token:
    return Token(value, "refresh_token", authorization(), "patient/*.rs", time.time(), time.time() + 1000)


def wins(act: Callable[[int], object]) -> int:
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(bool(each) for each in pool.map(act, range(THREADS)))


def test_one_time_acts_succeed_once() -> None:
    for number in range(ROUNDS):
        store, launches = TokenStore(), Launches()
        store.keep_code("c", Code(authorization(), "http://app", "challenge", "S256", "", time.time() + 60))
        token, launch = store.keep_token(refresh_token()), launches.issue("app", LaunchContext("dr-demo"))
        assert wins(lambda _, store=store: store.redeem("c", "app")) == 1
        assert wins(lambda _, store=store, token=token: store.rotate(token)) == 1
        assert wins(lambda _, launches=launches, launch=launch: launches.take(launch, "app")) == 1
        until = time.time() + 60
        assert wins(lambda _, store=store, until=until, n=number: store.first_time("jti", "app", str(n), until)) == 1


def test_a_lost_race_ends_the_family() -> None:
    store = TokenStore()
    token = store.keep_token(refresh_token())
    wins(lambda _: store.rotate(token))
    assert token.authorization.revoked


def test_what_was_used_once_is_forgotten_when_it_has_ended() -> None:
    store = TokenStore()
    assert store.first_time("jti", "app", "a", time.time() + 10)
    assert not store.first_time("jti", "app", "a", time.time() + 10)
    assert store.first_time("jti", "other", "a", time.time() + 10)
    with time_machine.travel(time.time() + 11):
        assert store.first_time("jti", "app", "a", time.time() + 10)


def test_the_oldest_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_store, "KEPT", 2)
    store = TokenStore()
    for value in "abc":
        store.keep_token(refresh_token(value))
    assert [bool(store.find(value)) for value in "abc"] == [False, True, True]


def test_a_launch_waits_for_minutes_only() -> None:
    launches = Launches()
    launch = launches.issue("app", LaunchContext("dr-demo"))
    with time_machine.travel(time.time() + LIFETIME_SECONDS + 1):
        assert launches.look(launch, "app") is None
        assert launches.take(launch, "app") is None
        assert launches.issue("app", LaunchContext("dr-demo")) != launch


@pytest.mark.parametrize(("address", "joint"), [("http://app/launch", "?"), ("http://app/launch?site=1", "&")])
def test_a_launch_address_keeps_its_own_query(address: str, joint: str) -> None:
    client = Client("app", launch_url=address)
    assert (
        launch_address(client, "token", "http://ehr/fhir")
        == f"{address}{joint}iss=http%3A%2F%2Fehr%2Ffhir&launch=token"
    )


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(Client("app", secret="hidden"))
    assert not Client("app").check_client_secret("")
