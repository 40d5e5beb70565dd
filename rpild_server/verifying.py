"""`rpild audit verify` as a whole: the log, then the records with their sealed content, then what stands beside."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import partial

import msgspec

from rpild_server.storage.audit import Verdict, verify
from rpild_server.storage.batch import Row
from rpild_server.storage.crypt import Keyring
from rpild_server.storage.errors import StorageError
from rpild_server.storage.records import place
from rpild_server.storage.store import Storage
from rpild_server.storage.vouching import Checked, verify_records
from rpild_server.storage.vouching_others import verify_others

NOBODY = "unreadable"  # no pseudonym, so that it differs from each


class _Called(msgspec.Struct):
    """Who a call was about."""

    iss: str
    patient_id: str


class _Content(msgspec.Struct):
    """Of a record's content, what its row must agree with."""

    request: _Called


CONTENT = msgspec.json.Decoder(_Content)


def subject_of(keyring: Keyring, row: Row) -> str:
    """The pseudonym of the patient that the sealed content names."""
    try:
        sealed = keyring.unseal(row["key_id"], row["payload"], place(row["id"], "payload"))
        called = CONTENT.decode(zlib.decompress(sealed)).request
    except (StorageError, zlib.error, msgspec.MsgspecError):
        return NOBODY
    return keyring.pseudonym(called.iss, called.patient_id)


def verify_all(storage: Storage, exported: Mapping[int, str]) -> tuple[Verdict, Checked]:
    """The log, and if it is whole all that it vouches for."""
    verdict = verify(storage.engine, storage.keyring, exported)
    if not verdict.good:
        return verdict, Checked(0)
    records = verify_records(storage.engine, partial(subject_of, storage.keyring))
    return verdict, Checked(records.good, (*records.faults, *verify_others(storage.engine)))
