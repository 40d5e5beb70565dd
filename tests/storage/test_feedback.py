"""Feedback: only about cards that were sent to this issuer, kept once, comments sealed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from rpild_server.storage.batch import batch
from rpild_server.storage.errors import RecordStoreFailedError
from rpild_server.storage.feedback import KnownCard, SentTo, Statement
from rpild_server.storage.records import SentCard
from rpild_server.storage.retention import apply_retention, erase_patient
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import feedback
from tests.storage.making import ISS, START, call, decision, later

CARD = SentCard("card-1", "combinationTherapy", "critical", "f1")


def sent(storage: Storage, **changed: object) -> KnownCard:
    given = decision(**({"cards": (CARD,), "unit": "ICU"} | changed))
    storage.records.record(given)
    found = storage.feedback.find_card(given.call.iss, "card-1")
    assert found
    return found


def test_a_card_is_known_to_its_issuer_only(storage: Storage) -> None:
    given = decision(cards=(CARD,))
    storage.records.record(given)
    found = storage.feedback.find_card(ISS, "card-1")
    assert found == KnownCard("card-1", given.id, CARD.topic, "critical", "f1", given.patient, given.clinician)
    assert storage.feedback.find_card("https://other.example", "card-1") is None
    assert storage.feedback.find_card(ISS, "card-2") is None


def test_the_newest_sending_of_a_card_counts(storage: Storage) -> None:
    sent(storage, call=call(hook_instance="h", body_sha256="1"))
    newest = decision(call=call(hook_instance="h", body_sha256="2"), cards=(CARD,), created=later(hours=1))
    storage.records.record(newest)
    found = storage.feedback.find_card(ISS, "card-1")
    assert found
    assert found.record_id == newest.id


def test_a_statement_is_kept_once(storage: Storage) -> None:
    card = sent(storage)
    said = Statement(card, "overridden", START, "specialistDecision", "canary: seen", ())
    assert [storage.feedback.save(said, later(minutes=1)), storage.feedback.save(said, later(minutes=2))] == [
        True,
        False,
    ]
    others = [
        replace(said, outcome_time=later(hours=1)),
        replace(said, reason="dataWrong"),
        Statement(card, "accepted", START, suggestions=("s2", "s1")),
    ]
    assert [storage.feedback.save(each, later(minutes=3)) for each in others] == [True] * 3
    same = Statement(card, "accepted", START, suggestions=("s1", "s2"))
    assert not storage.feedback.save(same, later(minutes=4))


def test_statements_are_read_for_reports(storage: Storage) -> None:
    card = sent(storage)
    storage.feedback.save(Statement(card, "overridden", START, "dataWrong", "canary: é <b>"), later(minutes=1))
    storage.feedback.save(Statement(card, "accepted", START, suggestions=("s1",)), later(minutes=2))
    storage.feedback.save(Statement(card, "accepted", later(days=1)), later(days=1))
    rows = list(storage.feedback.rows(START, later(hours=1)))
    assert [(row["outcome"], row["reason"], row["comment"], row["suggestions"]) for row in rows] == [
        ("overridden", "dataWrong", "canary: é <b>", "[]"),
        ("accepted", "", "", '["s1"]'),
    ]
    assert {(row["topic"], row["iss"], row["unit"]) for row in rows} == {("combinationTherapy", ISS, "ICU")}
    with storage.engine.connect() as connection:
        assert "canary" not in str(connection.execute(select(feedback)).all())
    assert "canary" not in repr(Statement(card, "overridden", START, comment="canary"))


@pytest.mark.parametrize("way", ["retention", "erasure"])
def test_comments_go_with_the_content(storage: Storage, way: str) -> None:
    card = sent(storage)
    storage.feedback.save(Statement(card, "overridden", START, "dataWrong", "comment"), later(minutes=1))
    with batch(storage.engine, storage.keyring) as transaction:
        if way == "retention":
            apply_retention(transaction, 30, later(days=31))
        else:
            erase_patient(transaction, card.patient, "officer", later(days=1))
    assert [row["comment"] for row in storage.feedback.rows(START, later(hours=1))] == [""]


def test_the_cards_about_a_patient_with_what_was_said_last(storage: Storage) -> None:
    card = sent(storage)
    storage.feedback.save(Statement(card, "accepted", START), later(minutes=1))
    storage.feedback.save(Statement(card, "overridden", START, "dataWrong"), later(minutes=2))
    storage.records.record(decision(cards=(SentCard("card-2", "workup", "info"),), created=later(hours=1)))
    storage.records.record(decision(cards=(SentCard("card-3", "workup", "info"),), patient="b" * 64))
    found = storage.feedback.cards_of(ISS, card.patient, START)
    said = SentTo("card-1", CARD.topic, "critical", START, card.clinician, "overridden", "dataWrong")
    assert found[:2] == (SentTo("card-2", "workup", "info", later(hours=1), card.clinician), said)
    assert {each.card_id for each in found} == {"card-1", "card-2"}
    assert [each.card_id for each in storage.feedback.cards_of(ISS, card.patient, later(minutes=1))] == ["card-2"]
    assert storage.feedback.cards_of("https://other.example", card.patient, START) == ()


def test_a_store_that_fails_says_so(storage: Storage) -> None:
    card = sent(storage)
    with storage.engine.begin() as connection:
        connection.execute(text("DROP TABLE feedback"))
        connection.execute(text("ALTER TABLE cards RENAME TO gone"))
    with pytest.raises(RecordStoreFailedError):
        storage.feedback.save(Statement(card, "accepted", START), START)
    with pytest.raises(RecordStoreFailedError):
        storage.feedback.find_card(ISS, "card-1")
    with pytest.raises(RecordStoreFailedError):
        storage.feedback.cards_of(ISS, card.patient, START)
