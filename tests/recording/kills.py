"""Kills the whole running service at random moments under load: `python -m tests.recording.kills --rounds 500`.

Each round starts `rpild serve` anew on the data of the kill before, lets signed calls run, ends all of it by SIGKILL
and looks at what is left: files that are sound, a chain that holds, and every decision whose answer arrived.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from rpild_server.settings import load_settings
from rpild_server.storage.replay import load
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.store import Storage, open_storage
from tests.cli.serving import ISS, command, write_site
from tests.conftest import ROOT, free_port, wait_until_ready
from tests.service.calls import Json, fresh, hook_body, rapid_disease, sent
from tests.storage.kills import is_whole

PATH = "/cds-services/rpild-patient-view"
CALLERS = 3
ROUNDS_OF_A_SITE = 25


@dataclass
class Outcome:
    """What the rounds found: answers that arrived, of these lost, rounds that left a fault, answers by status."""

    rounds: int = 0
    acknowledged: int = 0
    lost: int = 0
    faults: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Outcome) -> Outcome:
        counted = (self.rounds + other.rounds, self.acknowledged + other.acknowledged, self.lost + other.lost)
        return Outcome(*counted, self.faults + other.faults, self.statuses + other.statuses)

    @property
    def good(self) -> bool:
        """Nothing is lost or broken, and no answer was another one than 200."""
        return not self.lost and not self.faults and set(self.statuses) == {200}


@dataclass
class Load:
    """Signed calls from several threads; `acknowledged` holds record id and bytes of each answer that arrived.

    `broken` counts calls whose connection ended without an answer.
    """

    url: str
    key: ECKey
    body: Json
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    broken: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)

    def call(self, user: str) -> None:
        body = self.body | {"hookInstance": fresh(), "context": {"userId": user, "patientId": "p1"}}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {signed(self.key, self.url)}"}
        answer = requests.post(self.url + PATH, data=sent(body), headers=headers, timeout=10)
        self.statuses.append(answer.status_code)
        if answer.status_code == 200:
            self.acknowledged[answer.headers["X-Correlation-Id"]] = answer.content
            self.answered.set()

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.call(f"Practitioner/{fresh()}")
            except requests.RequestException:
                self.broken += 1


def signed(key: ECKey, url: str) -> str:
    issued = int(time.time())
    claims = {"iss": ISS, "aud": url + PATH, "iat": issued, "exp": issued + 300, "jti": str(uuid.uuid4())}
    return jwt.encode({"alg": "ES384", "typ": "JWT", "kid": "kit"}, claims, key, algorithms=["ES384"])


@contextmanager
def serving_group(config: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """The service with all its processes in one group, so that they can be killed together."""
    log = config.with_name("kill.log")
    with log.open("ab") as out:
        process = subprocess.Popen(command(config), cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_until_ready(url, process, log)
        yield process
    finally:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """All processes of a service that has not ended; once it has, its number may belong to somebody else."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def new_load(folder: Path, url: str) -> Load:
    key = ECKey.import_key(json.loads((folder / "kit.jwk").read_text()))
    keys = requests.get(f"{url}/cds-services", timeout=5).json()["services"][0]["prefetch"]
    return Load(url, key, hook_body(prefetch=rapid_disease(keys)))


@contextmanager
def under_load(load: Load) -> Iterator[None]:
    threads = [threading.Thread(target=load.run) for _ in range(CALLERS)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        load.stop.set()
        for each in threads:
            each.join()


def kill_round(folder: Path, config: Path, url: str, chance: random.Random) -> Load:
    """One life of the service."""
    with serving_group(config, url) as process:
        load = new_load(folder, url)
        with under_load(load):
            assert load.answered.wait(30), "the service that should be killed did not answer"
            time.sleep(chance.uniform(0, 0.6))
            kill_group(process)
            load.stop.set()
    return load


def kill_rounds(folder: Path, rounds: int, seed: int) -> Outcome:
    port = free_port()
    config, url = write_site(folder, port, free_port(), workers="2"), f"http://127.0.0.1:{port}"
    chance, outcome = random.Random(seed), Outcome()
    for _ in range(rounds):
        load = kill_round(folder, config, url, chance)
        outcome.rounds += 1
        outcome.acknowledged += len(load.acknowledged)
        outcome.statuses.update(load.statuses)
        with reopened(config) as (storage, whole):
            outcome.faults += not whole
            outcome.lost += sum(not is_kept(storage, id, answer) for id, answer in load.acknowledged.items())
    return outcome


def on_fresh_sites(rounds: int, seed: int) -> Outcome:
    """Many rounds, with a new site now and then: all that a site holds is looked at after each round."""
    outcome = Outcome()
    for done in range(0, rounds, ROUNDS_OF_A_SITE):
        with tempfile.TemporaryDirectory() as folder:
            outcome += kill_rounds(Path(folder), min(ROUNDS_OF_A_SITE, rounds - done), seed + done)
        sys.stderr.write(f"{outcome}\n")
    return outcome


@contextmanager
def reopened(config: Path) -> Iterator[tuple[Storage, bool]]:
    """The data as they were left, and whether they are whole."""
    settings = load_settings(config)
    place = settings.place()
    assert place
    assert settings.secrets_file
    storage = open_storage(place, load_secrets(settings.secrets_file))
    try:
        yield storage, is_whole(place, storage)
    finally:
        storage.close()


def is_kept(storage: Storage, id: str, answer: bytes) -> bool:
    return load(storage.engine, storage.keyring, id).response == answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = on_fresh_sites(given.rounds, given.seed)
    sys.stdout.write(f"{outcome}\n")
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
