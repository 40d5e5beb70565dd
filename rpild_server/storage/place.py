"""Where the data lie, a folder of SQLite files or a PostgreSQL database, and which places are refused."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from rpild_server.storage.errors import BadUrlError, NetworkDiskError, SeveralHostsError, UnwritableError

POSTGRES = "postgresql+psycopg"
ACCEPTED = {"postgresql", "postgres", POSTGRES}
NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
MOUNTS = Path("/proc/self/mounts")
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for SQLite files, or the address of a PostgreSQL database; `hosts` tells how many machines share it."""

    folder: Path | None = None
    url: str = ""
    hosts: int = 1

    @property
    def is_postgres(self) -> bool:
        return bool(self.url)


def postgres_url(place: Place) -> URL:
    """The address with our driver; raises BadUrlError without repeating it, since it may hold a password."""
    try:
        url = make_url(place.url)
    except (ArgumentError, ValueError):
        raise BadUrlError("The database address cannot be read.") from None
    if url.drivername not in ACCEPTED or not url.database:
        raise BadUrlError(f"The database address is of kind {url.drivername!r} or names no database.")
    return url.set(drivername=POSTGRES)


def sqlite_file(place: Place, name: str) -> Path:
    """The file of this name, made for its owner only where it does not exist; refuses what SQLite cannot rely on."""
    folder = _fit_folder(place)
    path = folder / f"{name}.sqlite3"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # the journals beside the file need a writable folder
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
    except OSError as problem:
        raise UnwritableError(f"{path} cannot be written: {problem.strerror}.") from None
    return path


def refuse_place(place: Place) -> None:
    """What can be told of a place without making or calling anything; raises SetupError."""
    if place.is_postgres:
        postgres_url(place)
        return
    folder = _fit_folder(place)
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise UnwritableError(f"{there} is no folder.")
    for each in (there, *folder.glob("*.sqlite3")):
        if not os.access(each, os.R_OK | os.W_OK):
            raise UnwritableError(f"{each} cannot be written by this user.")


def _fit_folder(place: Place) -> Path:
    """The folder, unless SQLite could not rely on it."""
    if place.folder is None:
        raise BadUrlError("Neither a folder nor a database address is given.")
    if place.hosts > 1:
        raise SeveralHostsError(f"SQLite files in {place.folder} cannot be shared by {place.hosts} hosts.")
    _refuse_network_disk(place.folder)
    return place.folder


def _refuse_network_disk(folder: Path) -> None:
    kind = disk_kind(folder, MOUNTS.read_text(encoding="utf-8")) if MOUNTS.exists() else ""
    if kind in NETWORK_DISKS:
        raise NetworkDiskError(f"{folder} lies on a network file system ({kind}).")


def disk_kind(folder: Path, mounts: str) -> str:
    """The kind of file system of a folder, from the lines of a table of mounts; the longest mount point counts."""
    rows = [line.split() for line in mounts.splitlines()]
    place = folder.resolve()
    over = [(len(row[1]), row[2]) for row in rows if place.is_relative_to(row[1].replace("\\040", " "))]
    return max(over, default=(0, ""))[1]
