"""A site as in production: one registered EHR that signs its calls (ES384), and decision records on this disk."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks.hook_body import Message
from rpild_server.initial import write_initial

ISS = "https://bench.example"
ALGORITHM = "ES384"
LIFE_SECONDS = 300
COMMITS = 300


@dataclass(frozen=True)
class Site:
    """Its configuration file, its address, and the key of its one EHR."""

    config: Path
    address: str
    key: ECKey

    def command(self) -> list[str]:
        """How the service is started there."""
        return [str(Path(sys.executable).with_name("rpild")), "serve", "--config", str(self.config)]

    def signing(self, path: str, fresh: Callable[[], Message]) -> Callable[[], Message]:
        """The same messages, each with a token of its own."""

        def signed() -> Message:
            body, headers = fresh()
            return Message(body, headers | {"Authorization": f"Bearer {self._token(path)}"})

        return signed

    def _token(self, path: str) -> str:
        issued = int(time.time())
        claims = {
            "iss": ISS,
            "aud": self.address + path,
            "iat": issued,
            "exp": issued + LIFE_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])


def write_site(folder: Path, port: int) -> Site:
    """A configuration with one worker, fresh secrets and a new key, in an empty folder."""
    config, _ = write_initial(folder, datetime.now(UTC).date())
    key, address = ECKey.generate_key("P-384", {"kid": "bench"}), f"http://127.0.0.1:{port}"
    (folder / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    settings = {
        "public_base_url": address,
        "port": port,
        "workers": 1,
        "data_folder": "data",
        "secrets_file": "secrets.toml",
        "silent_mode": False,
        "allow_http_loopback": True,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    lines.append(f'ehrs = [{{name = "bench", iss = "{ISS}", jwks_file = "keys.json"}}]')
    config.write_text("\n".join(lines), encoding="utf-8")
    return Site(config, address, key)


def commit_p99_ms(folder: Path) -> float:
    """What one durable commit takes on the disk of a folder, with nothing else running: SQLite as records use it."""
    with sqlite3.connect(folder / "commits.sqlite", isolation_level=None) as disk:
        disk.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x BLOB);")
        taken = []
        for _ in range(COMMITS):
            begun = time.perf_counter()
            disk.execute("INSERT INTO t VALUES (randomblob(20000))")
            taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)[int(COMMITS * 0.99)]
