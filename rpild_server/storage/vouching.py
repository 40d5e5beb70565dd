"""Whether the decision records and their cards are those that the audit log vouches for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import orjson
from sqlalchemy import Engine, select

from rpild_server.storage.audit import Entry, entries
from rpild_server.storage.batch import Row
from rpild_server.storage.emptied import emptied_faults
from rpild_server.storage.records import SentCard, beside_digest, record_digest
from rpild_server.storage.rows_read import UNREADABLE, ids_of, rows_by, rows_of
from rpild_server.storage.tables import cards, decision_records

PAGE = 500
Subject = Callable[[Row], str]  # whom the sealed content of a record is about, as a pseudonym


@dataclass(frozen=True, slots=True)
class Checked:
    """The number of good records, and every fault, each with table and id."""

    good: int
    faults: tuple[str, ...] = ()


def verify_records(engine: Engine, subject: Subject | None = None) -> Checked:
    """Compare each record with its entry in the log, and its patient with what is sealed, as `subject` opens it."""
    vouched = ((orjson.loads(each.what), each) for each in entries(engine) if each.kind == "decision")
    faults: list[str] = []
    unknown = ids_of(engine, decision_records)
    good = 0
    while page := {what["record"]: (what, entry) for what, entry in islice(vouched, PAGE)}:
        unknown -= page.keys()
        bad = list(_faults(engine, page, subject))
        faults += bad
        good += len(page) - len(bad)
    faults += (f"decision_records {id}: the audit log does not know it" for id in sorted(unknown))
    return Checked(good, (*faults, *_stray_cards(engine), *emptied_faults(engine, decision_records, "records")))


def _faults(engine: Engine, page: Mapping[str, tuple[Row, Entry]], subject: Subject | None) -> Iterator[str]:
    """What is wrong with the records of these ids, in the order of the log."""
    there = ids_of(engine, decision_records, decision_records.c.id.in_(page))
    rows = {row["id"]: row for row in rows_by(engine, decision_records.c.id, page)}
    sent = _cards_of(engine, page)
    for id, (what, entry) in page.items():
        fault = _unread(id in there) if id not in rows else _guarded(rows[id], what, entry, sent.get(id, []), subject)
        if fault:
            yield f"decision_records {id}: {fault}"


def _unread(there: bool) -> str:
    return "it cannot be read: a value has another type than its column" if there else "it is missing"


def _guarded(row: Row, what: Row, entry: Entry, sent: list[SentCard], subject: Subject | None) -> str:
    try:
        return _fault(row, what, entry, sent) or (_other_patient(row, subject) if subject else "")
    except UNREADABLE:
        return _unread(there=True)


def _fault(row: Row, what: Row, entry: Entry, sent: list[SentCard]) -> str:
    if record_digest(row) != what["digest"]:
        return "it was changed"
    if row["clinician"] != entry.who:
        return "clinician was changed"
    if "beside" in what and beside_digest(row, sent) != what["beside"]:
        return "unit, timings, summary or its rows of cards were changed"
    return _content_fault(row)


def _content_fault(row: Row) -> str:
    kept = [name for name in ("payload", "response") if row[name] is not None]
    if row["erased"] is None and len(kept) < 2:
        return "its content is gone, and nothing is said of when"
    if row["erased"] is not None and kept:
        return "erased is set, but its content is there"
    changed = [name for name in kept if hashlib.sha256(row[name]).hexdigest() != row[f"{name}_sha256"]]
    return f"{changed[0]} was changed" if changed else ""


def _other_patient(row: Row, subject: Subject) -> str:
    """An erased record is about nobody any more, or about whom it says."""
    return "patient was changed" if row["payload"] is not None and subject(row) != row["patient"] else ""


def _cards_of(engine: Engine, page: Mapping[str, object]) -> dict[str, list[SentCard]]:
    found: dict[str, list[SentCard]] = {}
    for row in rows_by(engine, cards.c.record_id, page):
        card = SentCard(row["card_id"], row["topic"], row["indicator"], row["fingerprint"])
        found.setdefault(row["record_id"], []).append(card)
    return found


def _stray_cards(engine: Engine) -> Iterator[str]:
    """Cards of no record: a database that keeps its foreign keys has none."""
    stray = select(cards.c.card_id).where(cards.c.record_id.not_in(select(decision_records.c.id)))
    yield from (f"cards {row['card_id']}: its record is missing" for row in rows_of(engine, stray))
