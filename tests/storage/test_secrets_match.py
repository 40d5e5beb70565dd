"""Data know the secrets they were written with: others are refused at the next opening, with file, key and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from rpild_server.settings import load_settings
from rpild_server.settings_note import note_start
from rpild_server.storage.audit import Event
from rpild_server.storage.crypt import Keyring, Secrets
from rpild_server.storage.engines import records_engine
from rpild_server.storage.errors import OtherSecretsError, UnwritableError
from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.secrets_match import refuse_other_secrets
from rpild_server.storage.store import Storage, open_storage
from tests.storage.making import SECRETS, START

OTHER = {
    "pseudonym": ({"pseudonym": b"q" * 32}, "s.toml: pseudonym is another one"),
    "both, under the same id": ({"pseudonym": b"q" * 32, "keys": {"2026-11": b"x" * 32}}, "pseudonym is another one"),
    "a key of the same id": ({"keys": {"2026-11": b"x" * 32}}, "s.toml: keys.2026-11 is another key"),
    "the key renamed": ({"current": "new", "keys": {"new": b"k" * 32}}, r"s.toml: \[keys\] has no '2026-11'"),
}


@pytest.fixture
def started(place: Place) -> Place:
    """A place at which the service was started once."""
    migrate(place)
    assert note_start(load_settings(), place, SECRETS, START)
    return place


@pytest.mark.parametrize(("changed", "said"), OTHER.values(), ids=OTHER)
def test_other_secrets_are_refused(started: Place, changed: Mapping[str, Any], said: str) -> None:
    other = replace(SECRETS, source="s.toml", **changed)
    with pytest.raises(OtherSecretsError, match=said) as caught:
        open_storage(started, other)
    assert "backup" in caught.value.remedy
    with pytest.raises(OtherSecretsError):
        note_start(load_settings(), started, other, START)


def test_the_same_secrets_and_a_rotation_are_accepted(started: Place) -> None:
    assert not note_start(load_settings(), started, SECRETS, START)
    rotated = Secrets("new", {**SECRETS.keys, "new": b"n" * 32}, SECRETS.pseudonym)
    assert note_start(load_settings(), started, rotated, START), "a rotation is on record"
    dropped = Secrets("new", {"new": b"n" * 32}, SECRETS.pseudonym)
    assert note_start(load_settings(), started, dropped, START), "the head is signed by the new key"


def test_data_without_marks_take_those_of_the_next_start(place: Place) -> None:
    migrate(place)
    open_storage(place, replace(SECRETS, pseudonym=b"q" * 32)).close()
    note_start(load_settings(), place, SECRETS, START)
    with pytest.raises(OtherSecretsError):
        open_storage(place, replace(SECRETS, pseudonym=b"q" * 32))


def test_of_two_first_starts_at_once_the_second_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(place)
    late = open_storage(place, replace(SECRETS, pseudonym=b"q" * 32))
    note_start(load_settings(), place, SECRETS, START)
    monkeypatch.setattr("rpild_server.settings_note.open_storage", lambda *_given: late)
    with pytest.raises(OtherSecretsError):
        note_start(load_settings(), place, SECRETS, START)


def test_no_key_is_stored(storage: Storage) -> None:
    keys = {each.hex() for each in (SECRETS.pseudonym, *SECRETS.keys.values())}
    assert not keys & {storage.keyring.pseudonym_mark, *storage.keyring.marks.values()}


def test_a_log_whose_key_is_missing_is_refused_without_marks_too(storage: Storage, place: Place) -> None:
    storage.audit(Event(START, "note", "system", {}), wait=True)
    with pytest.raises(OtherSecretsError, match="signed the head"):
        open_storage(place, Secrets("new", {"new": b"k" * 32}, SECRETS.pseudonym))


def test_tables_that_cannot_be_read_are_told(files: Place) -> None:
    migrate(files)
    engine = records_engine(files)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE settings_history")
    with pytest.raises(UnwritableError, match="cannot be read"):
        refuse_other_secrets(engine, Keyring(SECRETS))
    engine.dispose()
