"""Every coded error of the storage: one tree, each leaf with its code and remedy; no text holds a stored value.

StorageError
├── SetupError: refused at start
│   ├── BadUrlError              RPILD-STORE-URL
│   ├── DriverMissingError       RPILD-STORE-DRIVER
│   ├── UnwritableError          RPILD-STORE-UNWRITABLE
│   ├── SeveralHostsError        RPILD-STORE-HOSTS
│   ├── NetworkDiskError         RPILD-STORE-NETWORK-DISK
│   ├── UnreachableError         RPILD-STORE-UNREACHABLE
│   ├── NotDurableError          RPILD-STORE-NOT-DURABLE
│   ├── NewerSchemaError         RPILD-STORE-NEWER
│   ├── OlderSchemaError         RPILD-STORE-OLDER
│   ├── BadSecretsError          RPILD-SECRETS
│   └── OtherSecretsError        RPILD-SECRETS-OTHER
├── RecordStoreError: the call is not recorded, answer 503
│   ├── RecordStoreBusyError     RPILD-STORE-BUSY
│   ├── RecordStoreFailedError   RPILD-STORE-FAILED
│   ├── ChainBrokenError         RPILD-STORE-CHAIN
│   └── RecordStoreClosedError   RPILD-STORE-CLOSED
├── MemoryFailedError            RPILD-MEMORY-FAILED
├── TokenMemoryFullError         RPILD-MEMORY-FULL
├── TooManyLaunchesError         RPILD-LAUNCHES-FULL
├── UnknownRecordError           RPILD-RECORD-UNKNOWN
└── UnreadableRecordError        RPILD-RECORD-UNREADABLE
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StorageError(Exception):
    """Something about the storage; `cause` says what and where, `remedy` what to do."""

    code = "RPILD-STORE"
    remedy = "See the log of the database."

    def __init__(self, cause: str, remedy: str = "") -> None:
        self.cause = cause
        self.remedy = remedy or self.remedy
        super().__init__(f"{self.code}: {cause} {self.remedy}")


class SetupError(StorageError):
    """The storage cannot be used as it is set up; the program must not start."""


class BadUrlError(SetupError):
    """The database address is none that this program can use."""

    code = "RPILD-STORE-URL"
    remedy = "Write postgresql://USER@HOST/DATABASE, or leave the address empty for SQLite files in a folder."


class DriverMissingError(SetupError):
    """The PostgreSQL driver is not installed."""

    code = "RPILD-STORE-DRIVER"
    remedy = 'Install it: pip install "rpild[postgres]".'


class UnwritableError(SetupError):
    """The folder or a file of the SQLite storage cannot be written."""

    code = "RPILD-STORE-UNWRITABLE"
    remedy = "Name a folder on a local disk that the service's user may write."


class SeveralHostsError(SetupError):
    """SQLite files cannot be shared by several hosts."""

    code = "RPILD-STORE-HOSTS"
    remedy = "Use PostgreSQL for several hosts, or set hosts = 1."


class NetworkDiskError(SetupError):
    """SQLite files on a network file system lose their locks and their durability."""

    code = "RPILD-STORE-NETWORK-DISK"
    remedy = "Name a folder on a local disk, or use PostgreSQL."


class UnreachableError(SetupError):
    """The database does not answer or does not let this program in."""

    code = "RPILD-STORE-UNREACHABLE"
    remedy = "Check address, user, password and that the database runs."


class NotDurableError(SetupError):
    """The database does not write its commits to the disk."""

    code = "RPILD-STORE-NOT-DURABLE"
    remedy = "Set fsync = on in postgresql.conf."


class NewerSchemaError(SetupError):
    """The database was migrated by a newer version of this program."""

    code = "RPILD-STORE-NEWER"
    remedy = "Run that version, or restore the backup made before it; migrations run forward only."


class OlderSchemaError(SetupError):
    """The database waits for a migration."""

    code = "RPILD-STORE-OLDER"
    remedy = "Start the service once with this version; it migrates at start."


class BadSecretsError(SetupError):
    """The secrets file cannot be used."""

    code = "RPILD-SECRETS"
    remedy = (
        "Give a TOML file that only the service's user may read: current, pseudonym and [keys], 32 bytes in base64."
    )


class OtherSecretsError(SetupError):
    """The secrets file is not the one that the data were written with."""

    code = "RPILD-SECRETS-OTHER"
    remedy = (
        "Put the secrets file of these data back from its backup; do not let a new one be made at each start. "
        "If it is lost, these data stay unreadable: name an empty data_folder or database."
    )


class RecordStoreError(StorageError):
    """A call could not be recorded; it must not be answered as if it were."""


class RecordStoreBusyError(RecordStoreError):
    """Too many records wait, or the record was not on the disk in time."""

    code = "RPILD-STORE-BUSY"
    remedy = "Try again; if it stays, the disk is too slow or the database is locked."


class RecordStoreFailedError(RecordStoreError):
    """The record store could not be written."""

    code = "RPILD-STORE-FAILED"
    remedy = "See the disk and the log of the database."


class ChainBrokenError(RecordStoreError):
    """The head of the audit chain is gone or was changed; nothing is appended to a chain that cannot be trusted."""

    code = "RPILD-STORE-CHAIN"
    remedy = "Verify the audit log, keep the files for inspection and restore a backup."


class RecordStoreClosedError(RecordStoreError):
    """The service is stopping."""

    code = "RPILD-STORE-CLOSED"
    remedy = "Try again; another process answers."


class MemoryFailedError(StorageError):
    """The alert memory or the store of used tokens could not be read or written."""

    code = "RPILD-MEMORY-FAILED"
    remedy = "See the disk and the log of the database."


class TokenMemoryFullError(StorageError):
    """So many unexpired token ids are kept that no further token can be accepted."""

    code = "RPILD-MEMORY-FULL"
    remedy = "Look for a client that floods the service with tokens; raise the capacity if the traffic is real."


class TooManyLaunchesError(StorageError):
    """So many launches are under way that no further one can begin."""

    code = "RPILD-LAUNCHES-FULL"
    remedy = "Look for a client that floods the service with launches; they are forgotten after ten minutes."


class UnknownRecordError(StorageError):
    """No decision record has this id."""

    code = "RPILD-RECORD-UNKNOWN"
    remedy = "The id of a record is the X-Correlation-Id of its answer."


class UnreadableRecordError(StorageError):
    """The content of a record was removed, was changed, or its key is missing."""

    code = "RPILD-RECORD-UNREADABLE"
    remedy = "Put the key with this id back into the secrets file, or restore a backup."


def leaves(error: type[StorageError] = StorageError) -> Iterator[type[StorageError]]:
    """The errors that a program can meet, in the order of the tree."""
    below = error.__subclasses__()
    if not below:
        yield error
    for each in below:
        yield from leaves(each)


REMEDIES = {
    "SQLITE_FULL": "Free disk space.",
    "SQLITE_READONLY": "Make the database files and their folder writable for the service's user.",
    "SQLITE_CANTOPEN": "Make the database files and their folder reachable and writable for the service's user.",
    "SQLITE_BUSY": "Another process holds the database; end it or wait.",
    "SQLITE_CORRUPT": "Restore a backup; keep the damaged files for inspection.",
    "SQLITE_NOTADB": "Restore a backup; keep the damaged files for inspection.",
    "SQLITE_IOERR": "Free disk space and look at the disk's health and limits.",
}


def fault_name(problem: BaseException) -> str:
    """The database's own short name for a fault (`SQLITE_FULL`, an SQLSTATE), else the error's kind; never its text."""
    raw = problem.orig if isinstance(problem, DBAPIError) else problem
    return str(getattr(raw, "sqlite_errorname", "") or getattr(raw, "sqlstate", "") or type(raw).__name__)


def remedy_for(fault: str) -> str:
    """What to do about a fault of SQLite; empty when there is nothing better than the general remedy."""
    return next((text for name, text in REMEDIES.items() if fault.startswith(name)), "")


def record_failure(problem: Exception) -> StorageError:
    """The error that a caller of the record store gets for a fault underneath."""
    if isinstance(problem, StorageError):
        return problem
    fault = fault_name(problem)
    return RecordStoreFailedError(f"The record store could not be written ({fault}).", remedy_for(fault))


def memory_failure(problem: SQLAlchemyError) -> MemoryFailedError:
    """The error that a caller of the alert memory gets for a fault underneath."""
    fault = fault_name(problem)
    return MemoryFailedError(f"The alert memory could not be used ({fault}).", remedy_for(fault))
