"""What happened in the calls about one patient: when, what was decided, shown and said, and the id of each record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import orjson
from sqlalchemy import Engine, Select, Table, select

from rpild_rules.knowledge import Knowledge
from rpild_server.storage.tables import audit_log, cards, decision_records, feedback, gate_rows
from rpild_server.storage.times import read_stamp, stamp

CALLS = ("refused", "switched-off", "foreign-server")  # told by an event, with or without the patient's pseudonym
SPOKEN_OF = (*CALLS, "switch", "settings")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose calls: issuer and name of the EHR, the patient's pseudonym, received in [since, until)."""

    iss: str
    ehr: str
    patient: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class History:
    """Calls in time order, each with its cards and statements; then events of the log that bear on silence.

    `erased` are the times at which content about the patient was erased, whenever that was.
    """

    patient: str
    calls: tuple[Row, ...]
    sent: Mapping[str, list[Row]]
    said: Mapping[str, list[Row]]
    events: tuple[Row, ...]
    erased: tuple[str, ...] = ()


def history_of(engine: Engine, asked: Asked) -> History:
    """No content of a record is unsealed for it."""
    calls = [*_rows(engine, _about(decision_records, asked)), *_rows(engine, _about(gate_rows, asked))]
    ids = [row["id"] for row in calls if "summary" in row]
    span = audit_log.c.time >= stamp(asked.since), audit_log.c.time < stamp(asked.until)
    events = _rows(engine, select(audit_log).where(audit_log.c.kind.in_(SPOKEN_OF), *span).order_by(audit_log.c.seq))
    return History(
        patient=asked.patient,
        calls=tuple(sorted(calls, key=lambda row: row["created"])),
        sent=_by_record(_rows(engine, select(cards).where(cards.c.record_id.in_(ids)).order_by(cards.c.topic))),
        said=_by_record(_rows(engine, _statements(ids))),
        events=tuple(each for each in map(_opened, events) if each["kind"] not in CALLS or _bears_on(each, asked)),
        erased=tuple(_erasures(engine, asked.patient)),
    )


def _erasures(engine: Engine, patient: str) -> Iterator[str]:
    """Their records are about nobody any more; the log alone knows of them."""
    mine = audit_log.c.kind == "erasure", audit_log.c.what.contains(f'"{patient}"')
    for event in _rows(engine, select(audit_log.c.time).where(*mine).order_by(audit_log.c.seq)):
        yield event["time"]


def _opened(event: Row) -> Row:
    return {**event, "what": orjson.loads(event["what"])}


def _bears_on(event: Row, asked: Asked) -> bool:
    """Whether an event is one of a call that is about this patient, or that may be."""
    about = event["what"].get("patient", asked.patient)
    return event["who"] == asked.ehr and (about == asked.patient or "left_out" in event["what"])


def _about(table: Table, asked: Asked) -> Select[Any]:
    """All but what is sealed."""
    shown = [each for each in table.c if each.name not in ("payload", "response")]
    mine = table.c.patient == asked.patient, table.c.iss == asked.iss
    return select(*shown).where(*mine, table.c.created >= stamp(asked.since), table.c.created < stamp(asked.until))


def _statements(ids: list[str]) -> Select[Any]:
    same = (cards.c.card_id == feedback.c.card_id) & (cards.c.record_id == feedback.c.record_id)
    query = select(feedback.c.record_id, feedback.c.outcome, feedback.c.reason, feedback.c.received, cards.c.topic)
    return query.join(cards, same).where(feedback.c.record_id.in_(ids)).order_by(feedback.c.received)


def _rows(engine: Engine, query: Select[Any]) -> list[Row]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _by_record(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["record_id"], []).append(row)
    return found


def lines(history: History, zone: tzinfo, knowledge: Knowledge, user: str = "") -> Iterator[str]:
    """The history for a terminal, in the site's time; calls of `user` (a pseudonym) are marked."""
    for row in history.calls:
        mark = "  (this user)" if user and row.get("clinician") == user else ""
        yield f"{_local(row['created'], zone)}  {row['service']}{_where(row)}{mark}"
        yield from (f"    {each}" for each in _told(row, history, zone, knowledge))
    for time in history.erased:
        when = _local(time, zone)
        yield f"Content about this patient was erased on {when}: calls before that are not listed any more."
    if not history.calls and not history.erased:
        yield "No call about this patient was decided in that time."
    yield from _besides(history, zone)


def _local(time: str, zone: tzinfo) -> str:
    return read_stamp(time).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _where(row: Row) -> str:
    return f", {row['unit']}" if row["unit"] else ""


def _told(row: Row, history: History, zone: tzinfo, knowledge: Knowledge) -> Iterator[str]:
    if "summary" not in row:
        yield f"stopped at gate {row['gate'].partition('-')[0]}: {knowledge.texts.say('gate', row['gate'])}"
        yield f"hook instance {row['hook_instance']}; nothing more is kept of such a call"
        return
    yield f"record {row['id']}, knowledge {row['knowledge_version']}{_erased(row)}"
    shown = (f"{each['topic']} ({each['indicator']})" for each in history.sent.get(row["id"], ()))
    yield f"shown: {_list(shown)}"
    yield from _held(orjson.loads(row["summary"]))
    for each in history.said.get(row["id"], ()):
        reason = f", {each['reason']}" if each["reason"] else ""
        yield f"said: {each['topic']} {each['outcome']}{reason}, {_local(each['received'], zone)}"


def _erased(row: Row) -> str:
    return f"; its content was removed on {row['erased'][:10]}" if row["erased"] else ""


def _held(summary: Mapping[str, list[str]]) -> Iterator[str]:
    """Why a card that was due was not shown."""
    muted = [each for each in summary.get("fired", ()) if each not in summary.get("shown", ())]
    if muted:
        yield f"silent, by setting or switch: {_list(muted)}"
    if summary.get("suppressed"):
        yield f"not repeated, shown or overridden before: {_list(summary['suppressed'])}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _besides(history: History, zone: tzinfo) -> Iterator[str]:
    """Calls that were not answered, and what could be the reason that a call is not among these."""
    for each in history.events:
        if each["kind"] not in CALLS or each["what"].get("patient") == history.patient:
            yield f"{_local(each['time'], zone)}  {_event(each)}"
    unnamed = sorted((+_unnamed(history)).items())
    if unnamed:
        counted = ", ".join(f"{name}: {number}" for name, number in unnamed)
        yield f"Calls of this EHR in that time that name no patient on record: {counted}"


def _event(event: Row) -> str:
    """What happened, without what the reader has asked for."""
    what = {name: value for name, value in event["what"].items() if value and name not in ("patient", "left_out")}
    return f"{event['kind']} by {event['who']}: {', '.join(f'{name} {value}' for name, value in sorted(what.items()))}"


def _unnamed(history: History) -> Counter[str]:
    """The calls that nobody can be told of, by what became of them."""
    found: Counter[str] = Counter()
    for each in (each for each in history.events if each["kind"] in CALLS):
        what = each["what"]
        found[f"{each['kind']} {what.get('code', '')}".strip()] += what.get("left_out", 0) + ("patient" not in what)
    return found
