"""Launches at rest on both databases: sealed, one-time, renewed by one, removed in time and with their patient."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import TooManyLaunchesError
from rpild_server.storage.launches import LaunchRows, digest
from rpild_server.storage.store import Storage
from tests.storage.making import SECRETS

NOW = 1_800_000_000


def add(storage: Storage, id: str = "id", patient: str = "patient", now: int = NOW) -> None:
    storage.launches.add(id, "browser", patient, b"content", b"tokens", now)


def test_a_state_is_taken_once_and_in_time(storage: Storage) -> None:
    rows = storage.launches
    rows.begin("state", "handle", b"content", NOW + 10)
    rows.begin("late", "handle", b"content", NOW + 10)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: rows.take("state", NOW), range(8)))
    (found,) = [each for each in taken if each]
    assert found[1] == b"content"
    assert "handle" not in found[0]
    assert rows.take("late", NOW + 10) is None
    assert rows.take("late", NOW) is None
    assert rows.take("unknown", NOW) is None


def test_an_open_launch_is_found_used_and_removed(storage: Storage) -> None:
    add(storage)
    found = storage.launches.find("id")
    assert found
    assert (found.browser, found.content, found.tokens, found.version) == ("browser", b"content", b"tokens", 0)
    assert "content" not in repr(found).replace("content=", "")
    storage.launches.touch("id", NOW + 60)
    again = storage.launches.find("id")
    assert again
    assert (again.created, again.last_used) == (NOW, NOW + 60)
    assert storage.launches.remove("id")
    assert not storage.launches.remove("id")
    assert storage.launches.find("id") is None


def test_one_at_a_time_renews_and_only_the_version_it_saw(storage: Storage) -> None:
    add(storage)
    rows = storage.launches
    with ThreadPoolExecutor(8) as pool:
        leased = list(pool.map(lambda _: rows.lease("id", 0, NOW, NOW + 15), range(8)))
    assert leased.count(True) == 1
    assert rows.lease("id", 0, NOW + 15, NOW + 30), "a lease that ran out is free"
    rows.release("id", 0)
    assert rows.lease("id", 0, NOW, NOW + 15)
    assert rows.renew("id", 0, b"fresh")
    assert not rows.renew("id", 0, b"late")
    assert not rows.lease("id", 0, NOW + 99, NOW + 100)
    found = rows.find("id")
    assert found
    assert (found.tokens, found.version) == (b"fresh", 1)


def test_what_has_expired_is_removed(storage: Storage) -> None:
    rows = storage.launches
    add(storage, "unused", now=NOW)
    add(storage, "used", now=NOW)
    add(storage, "old", now=NOW - 1000)
    rows.touch("used", NOW + 50)
    rows.touch("old", NOW + 50)
    rows.begin("state", "handle", b"c", NOW + 5)
    assert rows.purge(NOW + 60, unused_since=NOW + 20, created_before=NOW - 500) == 2
    assert rows.find("used")
    assert [each for each in ("unused", "old") if rows.find(each)] == []
    assert rows.take("state", NOW) is None


def test_launches_are_forgotten_with_their_patient(storage: Storage) -> None:
    add(storage, "mine", "forgotten")
    add(storage, "theirs", "other")
    storage.alerts.forget("forgotten")
    assert storage.launches.find("mine") is None
    assert storage.launches.find("theirs")


@pytest.mark.verifies("L11")
def test_old_keys_still_open_and_without_them_a_launch_is_over(storage: Storage) -> None:
    add(storage)
    storage.launches.begin("state", "handle", b"c", NOW + 5)
    both = Keyring(replace(SECRETS, current="next", keys={**SECRETS.keys, "next": b"n" * 32}))
    rotated = LaunchRows(storage.memory_engine, both)
    found = rotated.find("id")
    assert found
    assert found.content == b"content"
    assert rotated.renew("id", 0, b"fresh")
    gone = LaunchRows(storage.memory_engine, Keyring(replace(SECRETS, current="next", keys={"next": b"n" * 32})))
    assert gone.find("id") is None
    assert gone.take("state", NOW) == (digest("handle"), b"")


def test_a_flood_of_launches_finds_an_end(storage: Storage) -> None:
    rows = LaunchRows(storage.memory_engine, storage.keyring, capacity=3)
    for number in range(50):
        rows.begin(f"state-{number}", "handle", b"c", NOW + 5)
    for _ in range(2):
        with pytest.raises(TooManyLaunchesError):
            rows.begin("one more", "handle", b"c", NOW + 5)
    rows.purge(NOW + 6, 0, 0)
    rows.begin("one more", "handle", b"c", NOW + 15)
