"""Which settings were in force when: a row for each change, so that a decision can be explained later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import orjson
from sqlalchemy import insert, select

from rpild_server.storage.audit import Event
from rpild_server.storage.batch import Batch
from rpild_server.storage.tables import settings_history
from rpild_server.storage.times import stamp

NEWEST = select(settings_history.c.sha256, settings_history.c.content).order_by(settings_history.c.id.desc()).limit(1)


def note_settings(batch: Batch, settings: Mapping[str, object], who: str, now: datetime) -> bool:
    """Keep the settings a service starts with, without secrets; whether they differ from the last ones.

    Audited, with the names of those that changed.
    """
    content = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(content).hexdigest()
    newest = batch.connection.execute(NEWEST).first()
    if newest and newest.sha256 == digest:
        return False
    row = {"sha256": digest, "content": content.decode(), "who": who, "created": stamp(now)}
    batch.connection.execute(insert(settings_history), row)
    changed = {"changed": " ".join(_changed(newest.content, settings))} if newest else {}
    batch.audit(Event(now, "settings", who, {"sha256": digest} | changed))
    return True


def _changed(before: str, now: Mapping[str, object]) -> list[str]:
    """The names of the settings that differ."""
    try:
        old, new = _flat(orjson.loads(before)), _flat(now)
    except (ValueError, AttributeError):
        return ["unreadable"]  # somebody edited the row: `rpild audit verify` tells
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _flat(settings: Mapping[str, object]) -> dict[str, object]:
    """Names and values, those of a group by `group.name`."""
    found: dict[str, object] = {}
    for name, value in settings.items():
        found |= {f"{name}.{key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return found
