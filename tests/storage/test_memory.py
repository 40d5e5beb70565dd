"""The alert memory and the store of used tokens: shared by all processes at once, and bounded."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from rpild_server.storage import schema
from rpild_server.storage.engines import memory_engine
from rpild_server.storage.errors import MemoryFailedError, TokenMemoryFullError
from rpild_server.storage.memory import SILENCING, Alert, AlertKey
from rpild_server.storage.place import Place
from rpild_server.storage.store import Storage, open_storage
from rpild_server.storage.tables import used_tokens
from rpild_server.storage.used_tokens import SWEEP_USES, UsedTokens
from tests.conftest import ROOT
from tests.storage.making import ISS, SECRETS, START, later

KEY = AlertKey("patient", "clinician", "combinationTherapy", "f1")
SENT = Alert(KEY, '{"pf":200}', START)


def test_what_was_sent_is_recalled(storage: Storage) -> None:
    others = [
        replace(SENT, key=replace(KEY, topic="workup")),
        replace(SENT, key=replace(KEY, clinician="another")),
        replace(SENT, key=replace(KEY, fingerprint="f0")),
        replace(SENT, key=replace(KEY, patient="somebody else")),
    ]
    storage.alerts.note_sent([SENT, *others])
    assert set(storage.alerts.recall("patient")) == {SENT, *others[:3]}
    assert list(storage.alerts.recall("patient")) == [others[1], others[2], SENT, others[0]]
    assert storage.alerts.recall("nobody") == ()


def test_a_clinician_recalls_own_cards_and_what_others_have_overridden(storage: Storage) -> None:
    others = [replace(SENT, key=replace(KEY, clinician=f"other {number}")) for number in range(3)]
    storage.alerts.note_sent([SENT, *others])
    storage.alerts.note_override(others[1].key, "specialistDecision", "", later(hours=1))
    found = storage.alerts.recall("patient", "clinician")
    assert [(each.key.clinician, each.override_reason) for each in found] == [
        ("clinician", ""),
        ("other 1", "specialistDecision"),
    ]


def test_a_patient_whom_hundreds_have_seen_costs_no_more_than_one(files: Place) -> None:
    """By what SQLite says it will do: no step looks at rows by the patient alone."""
    schema.migrate(files)
    engine = memory_engine(files)
    query = SILENCING._statement.params(patient="p", clinician="c")  # type: ignore[attr-defined]
    asked = query.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    engine.dispose()
    searches = [each.partition("(")[2] for each in plan if each.startswith(("SEARCH", "SCAN"))]
    assert searches == ["patient=? AND clinician=?)", "patient=? AND override_reason>?)"]


def test_sending_again_renews_time_and_marks_and_keeps_the_override(storage: Storage) -> None:
    storage.alerts.note_sent([SENT])
    assert storage.alerts.note_override(KEY, "specialistDecision", "physician", later(hours=1))
    again = replace(SENT, marks='{"pf":100}', sent=later(hours=2))
    storage.alerts.note_sent([again])
    overridden = replace(
        again, override_reason="specialistDecision", override_role="physician", overridden=later(hours=1)
    )
    assert storage.alerts.recall("patient") == (overridden,)


def test_an_override_of_what_was_never_sent_is_not_kept(storage: Storage) -> None:
    assert not storage.alerts.note_override(KEY, "dataWrong", "", START)
    assert storage.alerts.recall("patient") == ()


def test_sending_nothing_writes_nothing(storage: Storage) -> None:
    storage.alerts.note_sent([])
    assert storage.alerts.recall("patient") == ()


def test_a_patient_is_forgotten(storage: Storage) -> None:
    other = replace(SENT, key=replace(KEY, patient="other"))
    storage.alerts.note_sent([SENT, other])
    assert storage.alerts.forget("patient") == 1
    assert (storage.alerts.recall("patient"), storage.alerts.recall("other")) == ((), (other,))


def test_old_alerts_are_purged_unless_overridden_since(storage: Storage) -> None:
    overridden = replace(SENT, key=replace(KEY, fingerprint="f2"))
    fresh = replace(SENT, key=replace(KEY, fingerprint="f3"), sent=later(days=20))
    storage.alerts.note_sent([SENT, overridden, fresh])
    storage.alerts.note_override(overridden.key, "notAppropriate", "", later(days=20))
    assert storage.alerts.purge(later(days=10)) == 1
    assert [each.key.fingerprint for each in storage.alerts.recall("patient")] == ["f2", "f3"]


def test_what_one_process_notes_another_recalls(place: Place, storage: Storage) -> None:
    other = open_storage(place, SECRETS)
    storage.alerts.note_sent([SENT])
    assert other.alerts.recall("patient") == (SENT,)
    other.close()


def test_a_memory_that_fails_says_so(storage: Storage) -> None:
    with storage.memory_engine.begin() as connection:
        for table in ("alert_memory", "used_tokens"):
            connection.execute(text(f"DROP TABLE {table}"))
    uses = [
        lambda: storage.alerts.recall("patient"),
        lambda: storage.alerts.note_sent([SENT]),
        lambda: storage.alerts.purge(START),
        lambda: storage.tokens.first_use(ISS, "1", later(minutes=5), START),
    ]
    for use in uses:
        with pytest.raises(MemoryFailedError, match="RPILD-MEMORY-FAILED"):
            use()
    assert storage.trouble(START) is not None


def test_a_locked_memory_answers_soon(files: Place, sqlite_storage: Storage) -> None:
    assert files.folder
    other = sqlite3.connect(files.folder / "memory.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(MemoryFailedError, match="SQLITE_BUSY"):
        sqlite_storage.tokens.first_use(ISS, "1", later(minutes=5), START)
    assert sqlite_storage.alerts.recall("patient") == (), "reading goes on"
    other.close()


def test_a_token_is_new_once(storage: Storage) -> None:
    ends = later(minutes=5)
    assert storage.tokens.first_use(ISS, "1", ends, START)
    assert not storage.tokens.first_use(ISS, "1", ends, START)
    assert storage.tokens.first_use("https://other.example", "1", ends, START)
    assert storage.tokens.first_use(ISS, "2", ends, START)
    assert storage.tokens.first_use(ISS, "x" * 100_000, ends, START)


def test_of_twenty_threads_one_is_first(storage: Storage) -> None:
    with ThreadPoolExecutor(20) as threads:
        uses = [threads.submit(storage.tokens.first_use, ISS, "1", later(minutes=5), START) for _ in range(20)]
    assert sorted(use.result() for use in uses) == [False] * 19 + [True]


USING = (
    "import sys; from pathlib import Path; from datetime import datetime, UTC, timedelta\n"
    "from rpild_server.storage.engines import memory_engine\n"
    "from rpild_server.storage.place import Place; from rpild_server.storage.used_tokens import UsedTokens\n"
    "place = Place(folder=Path(sys.argv[1])) if sys.argv[1].startswith('/') else Place(url=sys.argv[1])\n"
    "now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)\n"
    "tokens = UsedTokens(memory_engine(place, 5))\n"
    "print(sum(tokens.first_use('iss', str(n), now + timedelta(minutes=5), now) for n in range(200)))\n"
)


@pytest.mark.slow
def test_of_three_processes_one_is_first(place: Place, storage: Storage) -> None:
    words = [sys.executable, "-c", USING, str(place.folder) if place.folder else place.url]
    started = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
    firsts = [int(each.communicate(timeout=60)[0]) for each in started]
    assert sum(firsts) == 200
    assert not storage.tokens.first_use("iss", "7", later(minutes=5), START)


def kept(storage: Storage) -> int:
    with storage.memory_engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(used_tokens)).scalar_one())


def test_expired_tokens_are_removed(storage: Storage) -> None:
    for number in range(5):
        storage.tokens.first_use(ISS, str(number), later(minutes=number), START)
    storage.tokens.first_use(ISS, "9", later(minutes=9), later(minutes=2, seconds=30))
    assert kept(storage) == 3


def test_a_full_store_accepts_nothing_until_there_is_room(storage: Storage) -> None:
    tokens = UsedTokens(storage.memory_engine, capacity=3)
    for number in range(3):
        assert tokens.first_use(ISS, str(number), later(minutes=5), START)
    for _ in range(2):
        with pytest.raises(TokenMemoryFullError, match="3 unexpired"):
            tokens.first_use(ISS, str(uuid.uuid4()), later(minutes=5), later(minutes=1))
    assert kept(storage) == 3
    assert tokens.first_use(ISS, "new", later(minutes=9), later(minutes=6))
    assert kept(storage) == 1


def test_many_uses_within_a_moment_are_counted_too(sqlite_storage: Storage) -> None:
    tokens = UsedTokens(sqlite_storage.memory_engine, capacity=10)
    used: list[int] = []

    def use_many() -> None:
        for number in range(2 * SWEEP_USES):
            tokens.first_use(ISS, str(number), later(minutes=5), START)
            used.append(number)

    with pytest.raises(TokenMemoryFullError):
        use_many()
    assert len(used) <= SWEEP_USES
