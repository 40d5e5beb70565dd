"""Heads of the audit log kept outside the database, one file a day: what tells a restored or rewritten log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import Engine

from rpild_server.storage.audit import read_head
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import ChainBrokenError
from rpild_server.storage.times import stamp


def export_head(engine: Engine, keyring: Keyring, folder: Path, now: datetime) -> Path | None:
    """Write the day's head unless it is there (best to another disk); None if the log is empty or the day is done."""
    path = folder / f"audit-head-{stamp(now)[:10]}.json"
    with engine.connect() as connection:
        head = read_head(connection, keyring)
    if not head.seq:
        return None
    row = {"seq": head.seq, "hash": head.hash, "time": stamp(now), "key_id": keyring.current}
    row["mac"] = keyring.sign(head.text)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(orjson.dumps(row) + b"\n")
    except FileExistsError:
        return None
    return path


def read_exported(folder: Path, keyring: Keyring) -> dict[int, str]:
    """The exported heads, number to hash; raises ChainBrokenError for a file that is not ours, FileNotFoundError."""
    heads: dict[int, str] = {}
    for path in sorted(folder.glob("audit-head-*.json")):
        try:
            row = orjson.loads(path.read_bytes())
            ours = keyring.signed(row["key_id"], f"{row['seq']} {row['hash']}", row["mac"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            ours = False
        if not ours:
            raise ChainBrokenError(f"{path} is not a head exported by this service.")
        heads[row["seq"]] = row["hash"]
    if not heads:
        raise FileNotFoundError(
            f"{folder} holds no exported head (audit-head-*.json), so nothing would be compared. "
            "Name the folder that `rpild audit head` writes into, or leave --heads out."
        )
    return heads
