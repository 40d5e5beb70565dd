"""A private PostgreSQL cluster: made in a temporary folder, on a free port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.conftest import free_port

USER = "postgres"  # PostgreSQL refuses to run as root
NUMBERS = count(1)
MEMORY, ENOUGH = Path("/dev/shm"), 4 * 1024**3


def programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps them out of the path. Missing: skipped here, failed in CI."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    message = "PostgreSQL is missing; get it with: apt-get install postgresql"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def as_postgres(*command: str | Path) -> None:
    """Run a program of PostgreSQL, from root as its own user."""
    words = [str(each) for each in command]
    if os.geteuid() == 0:
        words = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


def _quick_disk() -> Path | None:
    """Memory, where there is plenty: the tests make a hundred databases, and none of them looks at the disk."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; the address of its server, ending in a slash."""
    bin, port, folder = programs(), free_port(), Path(tempfile.mkdtemp(prefix="rpild-pg-", dir=_quick_disk()))
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    data = folder / "data"
    try:
        as_postgres(bin / "initdb", "-D", data, "-U", "rpild", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        as_postgres(bin / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        yield f"postgresql://rpild@127.0.0.1:{port}/"
    finally:
        if (data / "postmaster.pid").exists():
            as_postgres(bin / "pg_ctl", "stop", "-m", "immediate", "-D", data)
        shutil.rmtree(folder)


def new_database(server: str) -> str:
    """The address of a fresh database."""
    name = f"rpild_{next(NUMBERS)}"
    command(server, f"CREATE DATABASE {name}")
    return f"{server}{name}"


def command(server: str, *statements: str) -> None:
    """Run statements outside of transactions."""
    with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
        for each in statements:
            connection.execute(each.encode())
