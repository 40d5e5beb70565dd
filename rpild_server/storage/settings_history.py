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


def note_settings(batch: Batch, settings: Mapping[str, object], who: str, now: datetime) -> bool:
    """Keep the settings a service starts with, without secrets; whether they differ from the last ones. Audited."""
    content = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(content).hexdigest()
    newest = select(settings_history.c.sha256).order_by(settings_history.c.id.desc()).limit(1)
    if batch.connection.execute(newest).scalar() == digest:
        return False
    row = {"sha256": digest, "content": content.decode(), "who": who, "created": stamp(now)}
    batch.connection.execute(insert(settings_history), row)
    batch.audit(Event(now, "settings", who, {"sha256": digest}))
    return True
