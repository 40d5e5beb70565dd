"""SQLite's own file methods with a memory: what was written, what of it had reached the disk, and when.

From the log of one run the files are built as they would be found after a power cut at any moment: all that was synced,
and of what was written since then any part, in pieces of a sector.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import random
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
SURVIVES = 0.5  # the chance of each write that no sync followed

XOPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
XWRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
XTRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
XSYNC = CFUNCTYPE(c_int, c_void_p, c_int)
XDELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
# SQLite syncs the folder, too, when it first syncs a journal that it has made.
CREATED, JOURNALS = 0x4, 0x800 | 0x80000


class FileMethods(Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", XWRITE),
        ("truncate", XTRUNCATE),
        ("sync", XSYNC),
        ("others", c_void_p * 13),
    )


class OpenFile(Structure):
    """sqlite3_file."""

    _fields_ = (("methods", POINTER(FileMethods)),)


class FileSystem(Structure):
    """The beginning of sqlite3_vfs."""

    _fields_ = (
        ("sizes", c_int * 3),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", XOPEN),
        ("delete", XDELETE),
    )


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at a place of a file, or with `size` its truncation."""

    path: str
    offset: int
    content: bytes = b""
    size: int = -1


@dataclass(frozen=True, slots=True)
class Sync:
    """All that was written to a file before is on the disk; with `folder` also which files there are."""

    path: str
    folder: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """A file is gone, for good once the folder is synced."""

    path: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody was told that this record is kept."""

    id: str


@dataclass
class Disk:
    """The log of all files below a folder, in the order in which it happened."""

    folder: Path
    log: list[Write | Sync | Delete | Acknowledged] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)  # what C code points to must stay

    def opened(self, original: Any) -> Any:
        """The function that opens files, with our methods in what it opens."""

        def open_file(system: int, name: int | None, file: int, flags: int, out: int) -> int:
            code: int = original(system, name, file, flags, out)  # SQLite goes on using its own copy of the name
            path = Path(ctypes.string_at(name).decode()) if name else Path()
            if code == 0 and path.parent == self.folder:
                self._listen(OpenFile.from_address(file), path.name, bool(flags & CREATED and flags & JOURNALS))
            return code

        return XOPEN(open_file)

    def deleted(self, original: Any) -> Any:
        """The function that deletes files, and notes it."""

        def delete_file(system: int, name: int, sync_folder: int) -> int:
            path = Path(ctypes.string_at(name).decode())
            code: int = original(system, name, sync_folder)
            if code == 0 and path.parent == self.folder:
                self.log += [Delete(path.name)] + [Sync(path.name, folder=True)] * bool(sync_folder)
            return code

        return XDELETE(delete_file)

    def _listen(self, file: OpenFile, path: str, is_new: bool) -> None:
        """Put methods that note and then do into an open file."""
        real, methods = file.methods.contents, FileMethods()
        ctypes.pointer(methods)[0] = real
        self.kept += [real, methods]
        methods.write, methods.truncate = XWRITE(self._writing(real, path)), XTRUNCATE(self._cutting(real, path))
        methods.sync = XSYNC(self._syncing(real, path, is_new))
        file.methods = ctypes.pointer(methods)

    def _writing(self, real: FileMethods, path: str) -> Any:
        def write(file: int, content: int, length: int, offset: int) -> int:
            self.log.append(Write(path, offset, ctypes.string_at(content, length)))
            return int(real.write(file, content, length, offset))

        return write

    def _cutting(self, real: FileMethods, path: str) -> Any:
        def truncate(file: int, size: int) -> int:
            self.log.append(Write(path, 0, size=size))
            return int(real.truncate(file, size))

        return truncate

    def _syncing(self, real: FileMethods, path: str, is_new: bool) -> Any:
        folder_too = [is_new]  # the first time only

        def sync(file: int, flags: int) -> int:
            code = int(real.sync(file, flags))
            self.log.append(Sync(path, bool(folder_too and folder_too.pop())))
            return code

        return sync

    def acknowledge(self, id: str) -> None:
        self.log.append(Acknowledged(id))

    def files_after(self, moment: int, chance: random.Random) -> dict[str, bytes]:
        """What a power cut after so many entries of the log leaves, by the name of the file."""
        platter = Platter()
        for entry in self.log[:moment]:
            platter.note(entry)
        return platter.after_a_cut(chance)

    def acknowledged(self, moment: int) -> list[str]:
        return [each.id for each in self.log[:moment] if isinstance(each, Acknowledged)]


@dataclass
class Platter:
    """What is on the disk for sure, what waits to get there, and files whose deletion may come undone."""

    sure: dict[str, bytearray] = field(default_factory=dict)
    waiting: dict[str, list[Write]] = field(default_factory=dict)
    undone: dict[str, bytearray] = field(default_factory=dict)

    def note(self, entry: Write | Sync | Delete | Acknowledged) -> None:
        match entry:
            case Write(path):
                self.waiting.setdefault(path, []).append(entry)
            case Delete(path):
                self.waiting.pop(path, None)
                self.undone.setdefault(path, self.sure.pop(path, bytearray()))
            case Sync(path, folder):
                for each in self.waiting.pop(path, []):
                    apply(each, self.sure.setdefault(path, bytearray()))
                self.undone = {} if folder else self.undone

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        for path, writes in self.waiting.items():
            for each in writes:
                if chance.random() < SURVIVES:
                    apply(torn(each, chance), self.sure.setdefault(path, bytearray()))
        restored = self.undone if chance.random() < SURVIVES else {}
        return {path: bytes(content) for path, content in (self.sure | restored).items()}


def apply(write: Write, content: bytearray) -> None:
    """Do to a file's content what was asked."""
    if write.size >= 0:
        del content[write.size :]
        content.extend(bytes(write.size - len(content)))
        return
    content.extend(bytes(max(0, write.offset - len(content))))
    content[write.offset : write.offset + len(write.content)] = write.content


def torn(write: Write, chance: random.Random) -> Write:
    """The whole of a write, or its first sectors."""
    sectors = len(write.content) // SECTOR
    if write.size >= 0 or not sectors or chance.random() < SURVIVES:
        return write
    return Write(write.path, write.offset, write.content[: chance.randrange(sectors) * SECTOR])


@contextmanager
def watched(folder: Path) -> Iterator[Disk]:
    """The files that SQLite opens below a folder while the block runs, written down."""
    library = ctypes.CDLL(_sqlite3.__file__)  # and with it the SQLite that it was built with
    library.sqlite3_vfs_find.restype = POINTER(FileSystem)
    system = library.sqlite3_vfs_find(None).contents
    real, disk = XOPEN(ctypes.cast(system.open, c_void_p).value), Disk(folder)
    removing = XDELETE(ctypes.cast(system.delete, c_void_p).value)
    system.open, system.delete = disk.opened(real), disk.deleted(removing)
    try:
        yield disk
    finally:
        system.open, system.delete = real, removing
