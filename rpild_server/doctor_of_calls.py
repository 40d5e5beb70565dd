"""Calls as the database knows them: when an EHR called last, and which calls were refused, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Select, Table, func, select

from rpild_server.counted import counted
from rpild_server.diagnosis import Row, ok
from rpild_server.settings import Settings
from rpild_server.site_rules import OWN_ISSUER
from rpild_server.storage.store import Storage
from rpild_server.storage.tables import audit_log, decision_records, gate_rows
from rpild_server.storage.times import stamp

QUIET_HOURS = 24
LOOK_BACK = timedelta(hours=24)
MOST_REASONS, MOST_SIGNS = 5, 60
NOBODY = {"", "unknown"}  # an event of a caller that is not known
REMEDY = (
    "Each stands in the log with its correlation id; docs/registering.md (When a call is refused) tells what a word "
    "means, docs/errors.md what a code means."
)


def look_at_calls(storage: Storage, settings: Settings, now: datetime) -> Iterator[Row]:
    """Silence looks like health; and so do calls that are refused before anything is recorded of them."""
    refused = refusals(storage, settings, now)
    yield _last_call(storage, now, bool(refused))
    if refused:
        reasons = [f"{number} of {reason}" for reason, number in refused.most_common(MOST_REASONS)]
        more = ["others"] if len(refused) > MOST_REASONS else []
        text = f"{counted(refused.total(), 'request')} refused within 24 hours: {', '.join([*reasons, *more])}"
        yield Row("warn", "refused", text, REMEDY)


def _last_call(storage: Storage, now: datetime, refused: bool) -> Row:
    with storage.engine.connect() as connection:
        newest: list[str | None] = [connection.scalar(_newest(table)) for table in (decision_records, gate_rows)]
    last = max((each for each in newest if each), default=None)
    if last is None:
        text = "no call of an EHR was let in yet" if refused else "no EHR has called yet"
        remedy = "" if refused else "Sign an order in the EHR, or look at its registration."
        return Row("warn", "calls", f"{text} (calls of the canary do not count here)", remedy)
    hours = (now - datetime.fromisoformat(last)).total_seconds() / 3600
    text = f"an EHR called last {counted(round(hours), 'hour')} ago" if hours >= 1 else "an EHR called within the hour"
    if hours <= QUIET_HOURS:
        return ok("calls", text)
    return Row("warn", "calls", text, "Ask whether the EHR still calls: registration, certificate, firewall.")


def _newest(table: Table) -> Select[Any]:
    """The time of the newest call that was not the service's own."""
    return select(func.max(table.c.created)).where(table.c.iss != OWN_ISSUER)


def refusals(storage: Storage, settings: Settings, now: datetime) -> Counter[str]:
    """How many calls and launches were refused in the last day, by who and why; from the audit log alone."""
    query = select(audit_log.c.who, audit_log.c.what).where(
        audit_log.c.kind == "refused", audit_log.c.time >= stamp(now - LOOK_BACK)
    )
    names = {each.iss: each.name for each in settings.ehrs if each.iss}
    found: Counter[str] = Counter()
    with storage.engine.connect() as connection:
        for who, details in connection.execute(query):
            what = orjson.loads(details)
            found[_reason(who, what, names)] += 1 + what.get("left_out", 0)
    return found


def _reason(who: str, what: Mapping[str, Any], names: Mapping[str, str]) -> str:
    iss = what.get("iss", "")
    named = f"an issuer {_shown(iss)}" if iss else "an unknown caller"
    name = names.get(iss, named) if who in NOBODY else who
    place = f" at {_shown(what['at'])}" if "at" in what else ""
    return f"{name}: {what.get('why') or what['code']}{place}"


def _shown(text: str) -> str:
    """What a stranger sent, for a terminal: no control signs, no end of the line, not long."""
    return ascii(text[:MOST_SIGNS])
