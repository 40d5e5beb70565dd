"""Last views: what a page is compared with stays the same within a launch, and nobody else can read it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from rpild_server.storage.errors import MemoryFailedError
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import last_views
from rpild_server.storage.views import View
from tests.storage.making import START, later

FIRST = View("p" * 64, "c" * 64, "launch-canary", b"canary 1")


def noted(storage: Storage, view: View, launch: str, content: bytes) -> bytes | None:
    return storage.views.note(replace(view, launch=launch, content=content), later(minutes=1))


def test_the_first_launch_is_compared_with_its_first_view(storage: Storage) -> None:
    assert storage.views.note(FIRST, START) is None
    assert [noted(storage, FIRST, FIRST.launch, each) for each in (b"2", b"3")] == [FIRST.content] * 2


def test_a_later_launch_is_compared_with_the_last_view_of_the_one_before(storage: Storage) -> None:
    said = [noted(storage, FIRST, launch, content) for launch, content in (("a", b"1"), ("a", b"2"), ("b", b"3"))]
    assert said == [None, b"1", b"2"]
    assert [noted(storage, FIRST, "b", each) for each in (b"4", b"5")] == [b"2", b"2"]
    assert noted(storage, FIRST, "c", b"6") == b"5"


def test_each_user_and_patient_has_views_of_their_own(storage: Storage) -> None:
    storage.views.note(FIRST, START)
    for other in (replace(FIRST, patient="q" * 64), replace(FIRST, clinician="d" * 64)):
        assert storage.views.note(other, START) is None
    storage.alerts.forget(FIRST.patient)
    assert storage.views.note(FIRST, START) is None
    assert storage.views.note(replace(FIRST, patient="q" * 64), START) == FIRST.content


def test_views_are_sealed_to_their_place(storage: Storage) -> None:
    storage.views.note(FIRST, START)
    storage.views.note(FIRST, START)
    with storage.memory_engine.connect() as connection:
        stored = str(connection.execute(select(last_views)).all())
    assert "canary" not in stored + repr(FIRST)
    with storage.memory_engine.begin() as connection:
        connection.execute(update(last_views).values(clinician="d" * 64))
    assert storage.views.note(replace(FIRST, clinician="d" * 64), START) is None


def test_old_views_are_removed(storage: Storage) -> None:
    storage.views.note(FIRST, START)
    storage.views.note(replace(FIRST, patient="q" * 64), later(days=2))
    assert storage.views.purge(later(days=1)) == 1
    assert storage.views.note(FIRST, START) is None


def test_a_store_that_fails_says_so(storage: Storage) -> None:
    with storage.memory_engine.begin() as connection:
        connection.execute(text("DROP TABLE last_views"))
    with pytest.raises(MemoryFailedError):
        storage.views.note(FIRST, START)
