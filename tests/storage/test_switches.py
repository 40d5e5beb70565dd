"""Switches act within seconds, say exactly what they cover, and are audited."""

from __future__ import annotations

import orjson
import pytest
from sqlalchemy import select, text

from rpild_server.storage.audit import entries
from rpild_server.storage.batch import batch
from rpild_server.storage.errors import RecordStoreFailedError
from rpild_server.storage.settings_history import note_settings
from rpild_server.storage.store import Storage
from rpild_server.storage.switches import READ_EVERY_SECONDS, Scope, State, Switch, SwitchBoard, set_switch, state_of
from rpild_server.storage.tables import settings_history
from tests.storage.making import START, later

CALL = Scope(ehr="north", hook="order-sign", topic="workup", unit="ICU")


class Clock:
    """A clock that the test moves."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def turn(storage: Storage, state: State, **scope: str) -> None:
    with batch(storage.engine, storage.keyring) as transaction:
        set_switch(transaction, Switch(Scope(**scope), state), "operator", START)


def test_nothing_is_switched_at_first(storage: Storage) -> None:
    assert storage.switches.current() == ()
    assert state_of((), CALL) == "on"


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, True),
        ({"ehr": "north"}, True),
        ({"ehr": "south"}, False),
        ({"hook": "order-sign", "unit": "ICU"}, True),
        ({"hook": "order-sign", "unit": "ER"}, False),
        ({"topic": "workup"}, True),
        ({"topic": "steroidOnly"}, False),
    ],
)
def test_a_switch_covers_its_scope(scope: dict[str, str], covered: bool) -> None:
    assert state_of([Switch(Scope(**scope), "off")], CALL) == ("off" if covered else "on")


def test_off_goes_before_silent() -> None:
    found = [Switch(Scope(), "silent"), Switch(Scope(hook="order-sign"), "off")]
    assert state_of(found, CALL) == "off"
    assert state_of(found, Scope(ehr="north", hook="patient-view")) == "silent"


def test_a_switch_is_set_changed_and_taken_back(storage: Storage) -> None:
    clock = Clock()
    board = SwitchBoard(storage.engine, clock)
    states: list[State] = ["off", "silent", "on"]
    seen = []
    for state in states:
        turn(storage, state, ehr="north")
        clock.seconds += READ_EVERY_SECONDS
        seen.append(board.current())
    assert seen == [(Switch(Scope("north"), "off"),), (Switch(Scope("north"), "silent"),), ()]
    logged = [orjson.loads(each.what) for each in entries(storage.engine)]
    assert [each["state"] for each in logged] == states
    assert {each["ehr"] for each in logged} == {"north"}


def test_the_board_reads_every_five_seconds(storage: Storage) -> None:
    clock = Clock()
    board = SwitchBoard(storage.engine, clock)
    assert board.current() == ()
    turn(storage, "off")
    clock.seconds += READ_EVERY_SECONDS - 0.1
    assert board.current() == ()
    clock.seconds += 0.1
    assert state_of(board.current(), CALL) == "off"


def test_a_failing_store_leaves_the_last_switches(storage: Storage) -> None:
    clock = Clock()
    board, late = SwitchBoard(storage.engine, clock), SwitchBoard(storage.engine, clock)
    turn(storage, "off")
    assert len(board.current()) == 1
    with storage.engine.begin() as connection:
        connection.execute(text("ALTER TABLE switches RENAME TO gone"))
    clock.seconds += READ_EVERY_SECONDS
    assert len(board.current()) == 1
    with pytest.raises(RecordStoreFailedError):
        late.current()


def test_settings_are_kept_when_they_change(storage: Storage) -> None:
    kept = []
    for number, settings in enumerate([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, {"a": 1, "b": 2}]):
        with batch(storage.engine, storage.keyring) as transaction:
            kept.append(note_settings(transaction, settings, "system", later(minutes=number)))
    assert kept == [True, False, True, True]
    with storage.engine.connect() as connection:
        rows = connection.execute(select(settings_history).order_by(settings_history.c.id)).mappings().all()
    assert [row["content"] for row in rows] == ['{"a":1,"b":2}', '{"a":2}', '{"a":1,"b":2}']
    assert [row["created"][14:16] for row in rows] == ["30", "32", "33"]
    assert [each.kind for each in entries(storage.engine)] == ["settings"] * 3
