"""Attestations kept by us: once for each form, sealed, changed but never lost, gone with retention and erasure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from rpild_server.storage.attestations import Kept, KeptAt
from rpild_server.storage.audit import entries
from rpild_server.storage.batch import batch
from rpild_server.storage.errors import RecordStoreFailedError, UnreadableRecordError
from rpild_server.storage.retention import apply_retention, erase_patient
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import attestations
from tests.storage.making import START, later

KEPT = Kept("rpild-1", "p" * 64, "c" * 64, "ct-worsening", "own", "final", START, b'{"canary": 1}')
OWN: KeptAt = "own"
SENDING: KeptAt = "sending"
REFUSED: KeptAt = "refused"


def test_a_statement_is_kept_once_and_counts(storage: Storage) -> None:
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda _: storage.attestations.add(KEPT), range(8)))
    assert added.count(True) == 1
    assert storage.attestations.of_patient(KEPT.patient) == (KEPT,)
    assert storage.attestations.counting(KEPT.patient) == (KEPT.content,)
    assert storage.attestations.of_patient("q" * 64) == ()
    assert storage.attestations.counting("") == ()
    assert [each.kind for each in entries(storage.engine)] == ["attestation"]


def test_what_is_stored_can_be_read_by_nobody_else(storage: Storage) -> None:
    storage.attestations.add(KEPT)
    with storage.engine.connect() as connection:
        stored = str(connection.execute(select(attestations)).all())
    told = "".join(each.what for each in entries(storage.engine))
    assert "canary" not in stored + told + repr(KEPT)
    assert KEPT.code in told
    with storage.engine.begin() as connection:
        connection.execute(text("UPDATE attestations SET id = 'rpild-2'"))
    with pytest.raises(UnreadableRecordError):
        storage.attestations.counting(KEPT.patient)


def test_only_our_own_final_statements_count(storage: Storage) -> None:
    places: tuple[KeptAt, ...] = ("own", "ehr", "sending", "refused", "unheard")
    for place in places:
        storage.attestations.add(replace(KEPT, id=place, place=place, content=place.encode()))
    storage.attestations.add(replace(KEPT, id="gone", status="entered-in-error"))
    assert storage.attestations.counting(KEPT.patient) == (b"own",)
    assert {each.id for each in storage.attestations.of_patient(KEPT.patient)} == {*places, "gone"}


def test_a_change_needs_the_state_that_it_comes_from(storage: Storage) -> None:
    refused = replace(KEPT, place="refused")
    storage.attestations.add(refused)
    change = storage.attestations.change
    assert not change(replace(KEPT, place="ehr"), [SENDING], "who", later(minutes=1))
    assert not change(replace(KEPT, patient="q" * 64), [REFUSED], "who", later(minutes=1))
    assert change(KEPT, [REFUSED], "who", later(minutes=2), "RPILD-X")
    gone = replace(KEPT, status="entered-in-error", content=b"{}")
    assert change(gone, [OWN], "who", later(minutes=3))
    assert not change(KEPT, [OWN], "who", later(minutes=4))
    assert storage.attestations.of_patient(KEPT.patient) == (gone,)
    assert storage.attestations.counting(KEPT.patient) == ()
    told = [(each.kind, each.who) for each in entries(storage.engine)]
    assert told == [("attestation", KEPT.clinician), ("attestation-changed", "who"), ("attestation-changed", "who")]


@pytest.mark.parametrize("way", ["retention", "erasure"])
def test_the_content_goes_with_retention_and_erasure(storage: Storage, way: str) -> None:
    storage.attestations.add(KEPT)
    young = replace(KEPT, id="young", patient="y" * 64, created=later(days=30))
    storage.attestations.add(young)
    with batch(storage.engine, storage.keyring) as transaction:
        if way == "retention":
            apply_retention(transaction, 30, later(days=31))
        else:
            erase_patient(transaction, KEPT.patient, "officer", later(days=1))
    assert storage.attestations.of_patient(KEPT.patient) == ()
    assert storage.attestations.of_patient(young.patient) == (young,)
    with storage.engine.connect() as connection:
        row = connection.execute(select(attestations).where(attestations.c.id == KEPT.id)).one()
    assert (row.content, bool(row.erased), row.patient) == (None, True, "" if way == "erasure" else KEPT.patient)
    assert '"attestations":1' in list(entries(storage.engine))[-1].what.replace(" ", "")
    assert not storage.attestations.add(KEPT)


def test_a_store_that_fails_says_so(storage: Storage) -> None:
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TABLE attestations"))
    with pytest.raises(RecordStoreFailedError):
        storage.attestations.counting("p")
    with pytest.raises(RecordStoreFailedError):
        storage.attestations.add(KEPT)
