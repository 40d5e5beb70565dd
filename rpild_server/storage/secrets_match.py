"""Whether the secrets are those that the data were written with, by marks kept with the settings of each start."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from rpild_server.storage.audit import HEAD
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import OtherSecretsError, UnwritableError, fault_name, remedy_for
from rpild_server.storage.tables import settings_history

NAME = "secrets"  # among the settings that are kept
KEPT = select(settings_history.c.content).where(settings_history.c.content.contains(f'"{NAME}":{{'))
NEWEST = KEPT.order_by(settings_history.c.id.desc()).limit(1)
NO_SUCH_KEY = (
    "Put that key back under its id from a backup of the secrets file; old keys stay there after a rotation. "
    "If there never was such a key, the database was changed: restore a backup of it."
)


def marks_of(keyring: Keyring) -> dict[str, object]:
    """What a start keeps among its settings, for the next one to compare."""
    return {NAME: {"pseudonym": keyring.pseudonym_mark, "keys": keyring.marks}}


def refuse_other_secrets(engine: Engine, keyring: Keyring) -> None:
    """Raise OtherSecretsError, naming file and key, for secrets that differ; data without marks accept any."""
    try:
        with engine.connect() as connection:
            compare(connection, keyring)
    except SQLAlchemyError as problem:
        fault = fault_name(problem)
        raise UnwritableError(f"The records tables cannot be read ({fault}).", remedy_for(fault)) from None


def compare(connection: Connection, keyring: Keyring) -> None:
    """The same inside a transaction."""
    kept = _kept(connection)
    if kept.get("pseudonym", keyring.pseudonym_mark) != keyring.pseudonym_mark:
        raise OtherSecretsError(f"{keyring.source}: pseudonym is another one than that of the data.")
    known = kept.get("keys", {})
    changed = sorted(name for name, mark in keyring.marks.items() if known.get(name, mark) != mark)
    if changed:
        raise OtherSecretsError(f"{keyring.source}: keys.{changed[0]} is another key than the one of this id before.")
    for _seq, _hash, key_id, _mac in HEAD.rows(connection, {}):
        if key_id not in keyring.marks:
            cause = f"{keyring.source}: [keys] has no {key_id!r}, the key that signed the head of the audit log."
            raise OtherSecretsError(cause, NO_SUCH_KEY)


def _kept(connection: Connection) -> dict[str, Any]:
    """The newest marks; empty for data that have none yet."""
    content = connection.execute(NEWEST).scalar()
    kept: dict[str, Any] = orjson.loads(content)[NAME] if content else {}
    return kept
