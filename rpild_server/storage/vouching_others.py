"""Whether switches, settings, statements about cards and attestations are as the audit log has them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict

from sqlalchemy import Engine, select

from rpild_server.storage.batch import Row
from rpild_server.storage.emptied import emptied_faults
from rpild_server.storage.feedback import KEPT, said_digest
from rpild_server.storage.rows_read import UNREADABLE, events_of, rows_of
from rpild_server.storage.switches import Scope
from rpild_server.storage.tables import attestations, feedback, settings_history, switches


def verify_others(engine: Engine) -> tuple[str, ...]:
    """Every fault, with table and row."""
    return tuple(fault for name, check in CHECKS.items() for fault in _guarded(engine, name, check))


def _guarded(engine: Engine, name: str, check: Callable[[Engine], Iterator[str]]) -> Iterator[str]:
    try:
        yield from check(engine)
    except UNREADABLE:
        yield f"{name}: a row cannot be read: a value has another type than its column"


def _switches(engine: Engine) -> Iterator[str]:
    """What is in force must be what was last set, by whom and when."""
    names = tuple(asdict(Scope()))
    last = {tuple(event["what"][name] for name in names): event for event in events_of(engine, "switch")}
    due = {
        scope: (event["what"]["state"], event["who"], event["time"])
        for scope, event in last.items()
        if event["what"]["state"] != "on"
    }
    rows = rows_of(engine, select(switches))
    held = {tuple(row[name] for name in names): (row["state"], row["who"], row["changed"]) for row in rows}
    for scope in sorted({*due, *held}):
        if due.get(scope) != held.get(scope):
            yield f"switches {_scope(names, scope)}: not as it was last set on the audit log"


def _scope(names: tuple[str, ...], scope: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, scope, strict=True) if value) or "(all)"


def _settings(engine: Engine) -> Iterator[str]:
    """A row for each change that the log knows, with the content that its digest says."""
    rows = rows_of(engine, select(settings_history).order_by(settings_history.c.id))
    known = Counter((each["what"]["sha256"], each["who"], each["time"]) for each in events_of(engine, "settings"))
    for row in rows:
        mark = (row["sha256"], row["who"], row["created"])
        if not known[mark] or hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]:
            yield f"settings_history {row['id']}: it was changed, or the audit log does not know it"
        known[mark] -= 1
    yield from (f"settings_history: the row of {time} is missing" for _, _, time in sorted(+known))


def _feedback(engine: Engine) -> Iterator[str]:
    """Statements are on the log since version 1.1.1; those received before its first one are not compared."""
    events = events_of(engine, KEPT)
    known = {event["what"]["statement"] for event in events}
    first = events[0]["time"] if events else ""
    for row in rows_of(engine, select(feedback)):
        digest = said_digest(row)
        if digest not in known and (not first or row["received"] >= first):
            yield f"feedback {row['key']}: it was changed, or the audit log does not know it"
        known.discard(digest)
    if known:
        yield f"feedback: {len(known)} rows that the audit log knows are missing or were changed"


def _attestations(engine: Engine) -> Iterator[str]:
    """Author and code of each, its place and status as last set; and none emptied but by retention or erasure."""
    first: dict[str, Row] = {}
    last: dict[str, Row] = {}
    for event in events_of(engine, "attestation", "attestation-changed"):
        first.setdefault(event["what"]["attestation"], event)
        last[event["what"]["attestation"]] = event["what"]
    there = {row["id"]: row for row in rows_of(engine, select(attestations))}
    for id in sorted({*first, *there}):
        if id not in first or id not in there or _differs(there[id], first[id], last[id]):
            yield f"attestations {id}: it is missing, was changed, or the audit log does not know it"
    yield from emptied_faults(engine, attestations, "attestations")


def _differs(row: Row, first: Row, last: Row) -> bool:
    if (row["clinician"], row["created"]) != (first["who"], first["time"]):
        return True
    if (row["erased"] is None) != (row["content"] is not None):
        return True
    return any(row[name] != last[name] for name in ("code", "place", "status"))


CHECKS = {"switches": _switches, "settings_history": _settings, "feedback": _feedback, "attestations": _attestations}
