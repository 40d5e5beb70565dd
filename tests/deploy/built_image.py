"""Builds the image of deploy/Dockerfile without a Docker engine and runs it as Compose would: `make image`.

Needs root and Debian's buildah and debootstrap. The base is a Debian bookworm with its own Python in place of the
image that the Dockerfile names, which lies in a registry; every line of the Dockerfile is carried out. Then `rpild
serve` runs in it: user 10001, read-only file system, PostgreSQL outside, a signed call answered, a clean end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from tests.cli.serving import write_site
from tests.conftest import ROOT, free_port, need, wait_until_ready
from tests.recording.kills import new_load
from tests.storage.cluster import cluster, new_database

BASE, IMAGE, USER = "rpild-base", "rpild", 10001
WORK = ROOT / "build" / "image"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
# The same that `read_only`, `tmpfs` and the volume of the Compose file do, in a mount namespace that ends with it.
RUN = f"""
cd "$1" && mkdir -p etc/rpild && mount --bind . . && cd "$1"
mount --bind "$2" etc/rpild && mount -o remount,ro,bind etc/rpild && mount -t tmpfs tmpfs tmp && mount -t proc proc proc
mkdir -p dev/shm && mount -t tmpfs tmpfs dev/shm && mount -o remount,ro,bind .
exec chroot --userspec={USER}:{USER} . /opt/rpild/bin/rpild serve --config /etc/rpild/rpild.toml
"""


def run(*command: str | Path) -> str:
    """What a program printed; raises with its words if it failed."""
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{command[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}"
    return done.stdout.strip()


def buildah(*words: str | Path) -> str:
    need("buildah", "buildah")
    return run("buildah", "--root", WORK / "store", "--runroot", WORK / "run", *words)


def build_base() -> None:
    """A Debian with Python, once."""
    if not (WORK / "base.tar").exists():
        need("debootstrap", "debootstrap")
        with tempfile.TemporaryDirectory() as folder:
            wanted = "--include=python3,python3-venv,ca-certificates"
            run("debootstrap", "--variant=minbase", wanted, "bookworm", folder)
            shutil.copy(f"/{CERTIFICATES}", f"{folder}/{CERTIFICATES}")
            (Path(folder) / "usr/bin/python").symlink_to("python3")
            run("tar", "-C", folder, "-cf", WORK / "base.tar", ".")
    (WORK / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
    buildah("bud", "--isolation", "chroot", "-t", BASE, WORK)


def build() -> Path:
    """The file system of the image."""
    build_base()
    argument = f"PYTHON=localhost/{BASE}"
    buildah("bud", "--isolation", "chroot", "-f", "deploy/Dockerfile", "--build-arg", argument, "-t", IMAGE, ".")
    return Path(buildah("mount", buildah("from", IMAGE)))


@contextmanager
def running(image: Path, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`rpild serve` of the image; its address and process."""
    port = free_port()
    config = write_site(folder, port, free_port(), data_folder="")
    for each in (folder, *folder.iterdir()):
        os.chown(each, USER, USER)
    with ExitStack() as opened:
        database = new_database(opened.enter_context(cluster()))
        environment = {"RPILD_DATABASE_URL": database, "PATH": "/opt/rpild/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        log = opened.enter_context((folder.with_suffix(".log")).open("wb"))
        command = ["unshare", "--mount", "sh", "-ec", RUN, "sh", str(image), str(config.parent)]
        process = opened.enter_context(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        opened.callback(process.kill)
        wait_until_ready(f"http://127.0.0.1:{port}", process, folder.with_suffix(".log"))
        yield f"http://127.0.0.1:{port}", process


def look(url: str, process: subprocess.Popen[bytes], folder: Path) -> Iterator[str]:
    """What was seen of the running image, a line each; raises if it is not as it should be."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert f"Uid:\t{USER}\t{USER}" in status, status
    yield f"runs as user {USER}"
    inside = Path(f"/proc/{process.pid}/root")
    mounts = (inside / "proc" / str(process.pid) / "mounts").read_text()
    assert any(row.split()[1] == "/" and "ro" in row.split()[3].split(",") for row in mounts.splitlines()), mounts
    yield "its file system is read-only"
    load = new_load(folder, url)
    load.call("Practitioner/dr1")
    assert load.statuses == [200], load.statuses
    yield "a signed call is answered and recorded in PostgreSQL"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0, "it did not end cleanly"
    yield f"ends cleanly in {time.monotonic() - began:.1f} s"


def main() -> int:
    """Exit 1 when something was not as it should be."""
    WORK.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    image = build()
    click.echo(f"built in {time.monotonic() - began:.0f} s: {run('du', '-sh', image / 'opt/rpild').split()[0]} of ours")
    click.echo(run("chroot", image, "/opt/rpild/bin/python", "--version"))
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "site"
        with running(image, folder) as (url, process):
            for line in look(url, process, folder):
                click.echo(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
