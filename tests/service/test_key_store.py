"""The keys of EHRs: what is taken from a JWKS, how rarely it is fetched, and what a bad host can do (nothing)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from ehr_access.key_store import KeyStore, KeyTimes, load_keys
from ehr_access.public_keys import KeysError, read_keys
from ehr_access.registry import KeyPlace, TrustedEhr
from tests.service.hostile_server import Act, Behaviour, bomb, drip, give, hostile_server, in_turn, silent, status
from tests.service.tokens import jwks, key, write_jwks

KEYS = "keys"


def public(name: str = "first", kind: str = "EC", **changed: Any) -> dict[str, Any]:
    return dict(jwks(key(name, kind))["keys"][0]) | changed


def content(*rows: Any) -> bytes:
    return json.dumps({"keys": rows}).encode()


def test_keys_for_our_algorithms_are_taken_by_their_id() -> None:
    found = read_keys(content(public(), public("rsa", "RSA"), public("second", use="sig", alg="ES384")))
    assert sorted(found) == ["first", "rsa", "second"]


@pytest.mark.parametrize(
    "row",
    [
        public("x", use="enc"),
        public("x", alg="ES256"),
        public("x", "RSA") | {"alg": "RS256"},
        public("x", kid=""),
        public("x", kid=7),
        public("x", crv="P-256"),
        public("x", x="AA"),
        public("x", x=5),
        {name: value for name, value in public("x").items() if name != "kid"},
        ECKey.generate_key("P-256", {"kid": "x"}).as_dict(private=False),
        {"kty": "RSA", "kid": "x", "e": "AQAB", "n": "v" * 171},  # 1,024 bits
        {"kty": "RSA", "kid": "x", "e": "AQAB"},
        {"kty": "ML-DSA", "kid": "x"},
        {},
    ],
    ids=map(str, range(14)),
)
def test_other_keys_are_passed_over(row: dict[str, Any]) -> None:
    assert sorted(read_keys(content(row, public()))) == ["first"]
    with pytest.raises(KeysError, match="holds no key"):
        read_keys(content(row))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is not a JSON object"),
        (b"[]", "is not a JSON object"),
        (b'{"keys":{}}', "is not a JSON object"),
        (b'{"keys":[1]}', "is not a JSON object"),
        (content(*[public()] * 51), "at most 50"),
        (content(key().as_dict(private=True)), "holds a private key"),
        (content(OctKey.generate_key(256, {"kid": "x"}).as_dict(private=True)), "holds a private key"),
        (content(public("a", kid="x"), public("b", kid="x")), "one kid for two keys"),
    ],
    ids=["empty", "list", "no list", "numbers", "many", "private", "secret", "twice"],
)
def test_a_set_that_cannot_be_trusted_is_refused_whole(text: bytes, why: str) -> None:
    with pytest.raises(KeysError, match=why):
        read_keys(text)


@pytest.fixture
def host() -> Iterator[Behaviour]:
    with hostile_server() as behaviour:
        behaviour.acts[KEYS] = give(jwks(key()))
        yield behaviour


def place(host: Behaviour) -> KeyPlace:
    return KeyPlace(url=f"{host.base}/{KEYS}")


@pytest.mark.verifies("A-7", "H19")
@pytest.mark.parametrize(
    ("act", "why"),
    [
        (status(404), "status 404"),
        (status(500), "status 500"),
        (status(302, {"Location": "http://127.0.0.1:1/keys"}), "status 302"),
        (give(b"<html>"), "is not a JSON object"),
        (give(b"{}" + b" " * 300_000), "more than 262144 bytes"),
        (bomb(50_000_000), "more than 262144 bytes"),
        (silent(3), "cannot be read"),
        (drip(b"{" + b" " * 500, 0.1), "too slowly"),
    ],
    ids=["404", "500", "redirect", "html", "large", "bomb", "silent", "drip"],
)
def test_a_bad_host_gives_no_keys_within_the_time(
    host: Behaviour, act: Act, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ehr_access.key_store.FETCH_SECONDS", 0.5)
    host.acts[KEYS] = act
    began = time.monotonic()
    with pytest.raises(KeysError, match=why) as told:
        load_keys(place(host))
    assert time.monotonic() - began < 1.5
    assert str(told.value).startswith(place(host).url)
    assert len(host.seen) == 1


def test_a_host_that_is_down_is_told(host: Behaviour) -> None:
    with pytest.raises(KeysError, match="ConnectionError"):
        load_keys(KeyPlace(url="http://127.0.0.1:1/keys"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ehr(keys: KeyPlace | None) -> TrustedEhr:
    return TrustedEhr("main", iss="https://ehr.example", keys=keys)


def test_keys_are_fetched_once_and_kept(host: Behaviour, clock: Clock) -> None:
    store = KeyStore(clock=clock)
    assert all(store.find(ehr(place(host)), "first") for _ in range(5))
    assert len(host.seen) == 1
    assert "Authorization" not in host.seen[0][1]


@pytest.mark.verifies("CH-58", "A-7", "H18")
def test_unknown_ids_cause_one_fetch_an_interval(host: Behaviour, clock: Clock) -> None:
    store = KeyStore(KeyTimes(interval=300), clock)
    assert store.find(ehr(place(host)), "first")
    for second in range(600):
        clock.now += 1
        assert store.find(ehr(place(host)), f"flood-{second}") is None
    assert len(host.seen) == 3


def test_many_threads_with_unknown_ids_cause_one_fetch(host: Behaviour) -> None:
    host.acts[KEYS] = in_turn(lambda handler: (time.sleep(0.2), give(jwks(key()))(handler))[1])
    store, found = KeyStore(), []
    threads = [threading.Thread(target=lambda: found.append(store.find(ehr(place(host)), "first"))) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(found), None in found, len(host.seen)) == (20, False, 1)


@pytest.mark.verifies("CH-58", "H19")
def test_a_rotated_key_is_found_after_the_interval(host: Behaviour, clock: Clock) -> None:
    store = KeyStore(KeyTimes(interval=300), clock)
    assert store.find(ehr(place(host)), "first")
    host.acts[KEYS] = give(jwks(key("second")))
    assert store.find(ehr(place(host)), "second") is None
    clock.now += 300
    assert store.find(ehr(place(host)), "second")
    assert store.find(ehr(place(host)), "first") is None


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_old_keys_are_renewed_beside_the_call(host: Behaviour, clock: Clock) -> None:
    store = KeyStore(KeyTimes(renew=3600), clock)
    assert store.find(ehr(place(host)), "first")
    host.acts[KEYS] = give(jwks(key(), key("second")))
    clock.now += 3601
    assert store.find(ehr(place(host)), "first")
    wait_for(lambda: store.find(ehr(place(host)), "second"))
    assert len(host.seen) == 2


@pytest.mark.verifies("H19")
def test_keys_stay_in_use_while_their_host_is_down_until_they_are_too_old(host: Behaviour, clock: Clock) -> None:
    store = KeyStore(KeyTimes(oldest=86_400), clock)
    assert store.find(ehr(place(host)), "first")
    host.acts[KEYS] = status(500)
    clock.now += 86_400
    assert store.find(ehr(place(host)), "first")
    wait_for(lambda: len(host.seen) == 2)
    clock.now += 1
    assert store.find(ehr(place(host)), "first") is None
    host.acts[KEYS] = give(jwks(key()))
    clock.now += 300
    assert store.find(ehr(place(host)), "first")


def test_without_any_keys_the_host_is_asked_again_soon(host: Behaviour, clock: Clock) -> None:
    host.acts[KEYS] = in_turn(status(503), give(jwks(key())))
    store = KeyStore(KeyTimes(retry=15), clock)
    assert store.find(ehr(place(host)), "first") is None
    clock.now += 14
    assert store.find(ehr(place(host)), "first") is None
    clock.now += 1
    assert store.find(ehr(place(host)), "first")
    assert len(host.seen) == 2


def test_a_file_is_read_again_for_an_unknown_id(tmp_path: Path, clock: Clock) -> None:
    file = write_jwks(tmp_path / "keys.json", key())
    store = KeyStore(clock=clock)
    assert store.find(ehr(KeyPlace(file)), "first")
    write_jwks(file, key("second"))
    clock.now += 300
    assert store.find(ehr(KeyPlace(file)), "second")


def test_an_ehr_without_keys_has_none() -> None:
    assert KeyStore().find(ehr(None), "first") is None
