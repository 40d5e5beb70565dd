"""`rpild client-key`: a fresh key for the SMART app, added to the file of our keys; the old ones stay published."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from ehr_access.client_keys import ClientKeys, load_client_keys, make_client_key, write_client_keys
from rpild_server.app import wall_clock
from rpild_server.exit_codes import with_exit_code
from rpild_server.storage.place import OWNER_ONLY

NEXT = """{file}: key {id} added. The service publishes all keys of this file at /smart/jwks.json.
The first of an algorithm signs, or the one that an EHR's client_key_id names. To change keys: add the new one, wait
until the EHRs have fetched it (a day), name it in client_key_id, and remove the old one a day later."""


@click.command("client-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--algorithm", type=click.Choice(["ES384", "RS384"]), default="ES384", show_default=True)
def client_key(file: Path, algorithm: str) -> None:
    """Add a fresh key to the file of keys that sign for the SMART app; it is made where it does not exist."""
    with_exit_code(lambda: click.echo(NEXT.format(file=file, id=add_key(file, algorithm, wall_clock().date()))))


def add_key(file: Path, algorithm: str, day: date) -> str:
    """The id of the key that was added; raises KeysError and OSError, and then the file is as it was."""
    kept = load_client_keys(file) if file.exists() else ClientKeys()
    id = _free(f"{algorithm.lower()}-{day.isoformat()}", {each.id for each in kept.keys})
    text = write_client_keys(ClientKeys((*kept.keys, make_client_key(id, algorithm))))
    beside = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as out:
        out.write(text)
    beside.replace(file)
    return id


def _free(id: str, taken: set[str]) -> str:
    return next(each for number in range(len(taken) + 1) if (each := f"{id}-{number}" if number else id) not in taken)
