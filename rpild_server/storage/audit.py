"""The audit log: each row holds the hash of the row before, a signed head names the last; `verify` finds faults."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

import orjson
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import ChainBrokenError
from rpild_server.storage.prepared import Prepared
from rpild_server.storage.tables import audit_head, audit_log
from rpild_server.storage.times import stamp

BEGINNING = "0" * 64  # what the first row continues
PAGE = 1000
HEAD = Prepared(select(audit_head.c.seq, audit_head.c.hash, audit_head.c.key_id, audit_head.c.mac))
NEW_ROW, NEW_HEAD = Prepared(insert(audit_log)), Prepared(insert(audit_head))
MOVE_HEAD = Prepared(update(audit_head))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a word (`decision`, `refused`, `switch`), who did it (a pseudonym or `system`), details.

    `what` becomes JSON; it must hold no patient value, name or token. What cannot be stored is refused here, in the
    thread that reports the event (TypeError, ValueError).
    """

    time: datetime
    kind: str
    who: str
    what: Mapping[str, object]
    row: tuple[str, str, str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        what = orjson.dumps(self.what, option=orjson.OPT_SORT_KEYS).decode()
        object.__setattr__(self, "row", (stamp(self.time), self.kind, self.who, what))


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit log; `what` is JSON text."""

    seq: int
    time: str
    kind: str
    who: str
    what: str
    prev_hash: str
    hash: str

    def expected_hash(self) -> str:
        """What the row's own hash must be."""
        return row_hash(self.seq, self.time, self.kind, self.who, self.what, self.prev_hash)


COLUMNS = tuple(each.name for each in fields(Entry))


def row_hash(seq: int, time: str, kind: str, who: str, what: str, prev_hash: str) -> str:
    """SHA-256 over everything in a row but its own hash."""
    return hashlib.sha256(orjson.dumps([seq, time, kind, who, what, prev_hash])).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log reaches: the last row's number and hash."""

    seq: int
    hash: str

    @property
    def text(self) -> str:
        return f"{self.seq} {self.hash}"


class Chain:
    """The end of the log inside one transaction that holds the append lock."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._start = self._head = read_head(connection, keyring)
        self._rows: list[dict[str, object]] = []

    def append(self, event: Event) -> None:
        """Put an event at the end; it is written by `flush`."""
        plain = (self._head.seq + 1, *event.row, self._head.hash)
        self._head = Head(plain[0], row_hash(*plain))
        self._rows.append(dict(zip(COLUMNS, (*plain, self._head.hash), strict=True)))

    def flush(self) -> None:
        """Write the new rows and the new head."""
        if not self._rows:
            return
        NEW_ROW.write(self._connection, self._rows)
        signed = {"key_id": self._keyring.current, "mac": self._keyring.sign(self._head.text)}
        values = {"seq": self._head.seq, "hash": self._head.hash} | signed
        if self._start.seq:
            MOVE_HEAD.write(self._connection, [values])
        else:
            NEW_HEAD.write(self._connection, [{"id": 1} | values])


def read_head(connection: Connection, keyring: Keyring) -> Head:
    """The signed head, number 0 of an empty log; raises ChainBrokenError when it is gone or not ours."""
    found = HEAD.rows(connection, {})
    if not found:
        if connection.execute(select(audit_log.c.seq).limit(1)).first():
            raise ChainBrokenError("The head of the audit log is gone while rows are there.")
        return Head(0, BEGINNING)
    seq, hash, key_id, mac = found[0]
    head = Head(seq, hash)
    if not keyring.signed(key_id, head.text, mac):
        raise ChainBrokenError("The head of the audit log is not signed by a key of the secrets file.")
    return head


def entries(engine: Engine, after: int = 0) -> Iterator[Entry]:
    """The rows in order, from the one after this number, read page by page."""
    while page := _page(engine, after):
        yield from map(_entry, page)
        after = page[-1]["seq"]


def _page(engine: Engine, after: int) -> list[RowMapping]:
    query = select(audit_log).where(audit_log.c.seq > after).order_by(audit_log.c.seq).limit(PAGE)
    with engine.connect() as connection:
        return list(connection.execute(query).mappings())


def _entry(row: RowMapping) -> Entry:
    return Entry(**row)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the log is whole: the number of good rows, and of a bad one its number and what is wrong with it."""

    rows: int
    bad: int = 0
    fault: str = ""

    @property
    def good(self) -> bool:
        return not self.fault


def verify(engine: Engine, keyring: Keyring, exported: Mapping[int, str] | None = None) -> Verdict:
    """Walk the whole log; `exported` are heads kept elsewhere (number to hash), which a rewritten log would miss."""
    reached = [Head(0, BEGINNING)]
    try:
        return _walk(engine, keyring, dict(exported or {}), reached)
    except (SQLAlchemyError, TypeError, ValueError):
        last = reached[0]
        return Verdict(last.seq, last.seq + 1, f"a row after {last.seq}, or the head, holds a value of a wrong type")


def _walk(engine: Engine, keyring: Keyring, known: dict[int, str], reached: list[Head]) -> Verdict:
    """`reached` holds the last good row, also after an exception; exported heads that were met leave `known`."""
    for entry in entries(engine):
        fault = _fault(entry, reached[0], known)
        if fault:
            return Verdict(reached[0].seq, reached[0].seq + 1, fault)
        reached[0] = Head(entry.seq, entry.hash)
        known.pop(entry.seq, None)
    return _verify_end(engine, keyring, reached[0], known)


def _fault(entry: Entry, last: Head, known: Mapping[int, str]) -> str:
    if entry.seq != last.seq + 1:
        return f"row {last.seq + 1} is missing; the next one there is row {entry.seq}"
    if entry.hash != entry.expected_hash():
        return f"row {entry.seq} was changed: its hash does not fit its content"
    if entry.prev_hash != last.hash:
        return f"row {entry.seq} does not continue row {last.seq}: one of the two was replaced"
    if known.get(entry.seq, entry.hash) != entry.hash:
        return f"row {entry.seq} is not the one that was exported: the log was rewritten"
    return ""


def _verify_end(engine: Engine, keyring: Keyring, last: Head, missing: Mapping[int, str]) -> Verdict:
    """The head must be signed, and name the last row; no exported head may lie beyond it."""
    try:
        with engine.connect() as connection:
            head = read_head(connection, keyring)
    except ChainBrokenError as problem:
        return Verdict(last.seq, last.seq + 1, problem.cause)
    if head.seq > last.seq:
        return Verdict(last.seq, last.seq + 1, f"row {last.seq + 1} is missing; the head names row {head.seq}")
    if head.seq < last.seq:
        return Verdict(head.seq, head.seq + 1, f"the head names row {head.seq}, the log goes on after it")
    if head != last:
        return Verdict(last.seq, last.seq, f"the head names row {head.seq} with another hash")
    if missing:
        return Verdict(last.seq, last.seq + 1, f"row {min(missing)} was exported as head and is gone")
    return Verdict(last.seq)
