"""A plug-in with storage for the tests of records: served over HTTP, at a time that a test moves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from rpild_rules.knowledge import load_knowledge
from rpild_server import loopback
from rpild_server.app import create_app
from rpild_server.cli import main
from rpild_server.settings import Settings, load_settings
from rpild_server.storage.audit import Entry, entries
from rpild_server.storage.secrets_file import load_secrets, new_secrets_text
from rpild_server.storing import Store, close_store, prepare_store
from tests.service.calls import Json, fresh, hook_body, rapid_disease, sent

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FIRST = "combinationTherapy"
VIEW, SIGN = "rpild-patient-view", "rpild-order-sign"


@dataclass
class Clock:
    """The time that the plug-in sees."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Hospital:
    """A running plug-in with its settings file; `call` asks as one user about one patient."""

    url: str
    config: Path
    store: Store
    clock: Clock
    keys: dict[str, str] = field(default_factory=dict)

    def ask(self, body: Json | bytes, service: str = VIEW) -> requests.Response:
        raw = body if isinstance(body, bytes) else sent(body)
        headers = {"Content-Type": "application/json"}
        return requests.post(f"{self.url}/cds-services/{service}", data=raw, headers=headers, timeout=20)

    def body(self, user: str = "dr1", more: Json | None = None, **fields: Any) -> Json:
        """A new call about a patient who meets the criteria; `more` replaces prefetch keys."""
        if not self.keys:
            services = requests.get(f"{self.url}/cds-services", timeout=20).json()["services"]
            self.keys = dict(services[0]["prefetch"])
        context = {"userId": f"Practitioner/{user}"} | fields.pop("context", {})
        return hook_body(
            prefetch=rapid_disease(self.keys) | (more or {}), context=context, hookInstance=fresh(), **fields
        )

    def cards(self, user: str = "dr1", **options: Any) -> list[Json]:
        answer = self.ask(self.body(user, **options))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["cards"])

    def topics(self, user: str = "dr1", **options: Any) -> list[str]:
        return [each["source"]["topic"]["code"] for each in self.cards(user, **options)]

    def say(self, card: str, outcome: str = "overridden", service: str = VIEW, **fields: Any) -> requests.Response:
        stamp = {"outcomeTimestamp": self.clock.now.isoformat()}
        entry = {"card": card, "outcome": outcome} | stamp | fields
        return self.say_all([entry], service)

    def say_all(self, entries: list[Any], service: str = VIEW) -> requests.Response:
        """Feedback of several entries."""
        return requests.post(f"{self.url}/cds-services/{service}/feedback", json={"feedback": entries}, timeout=20)

    def run(self, *words: str) -> Result:
        """A command with this site's settings."""
        return CliRunner().invoke(main, [*words, "--config", str(self.config)], catch_exceptions=False)

    def settle(self) -> None:
        """Let the writer finish what nobody waits for."""
        self.store().writer.run(lambda _batch: None, 10)

    def log(self, kind: str) -> list[Entry]:
        self.settle()
        return [each for each in entries(self.store().engine) if each.kind == kind]


def write_config(folder: Path, more: str = "", silent: bool = False) -> Path:
    """A settings file with its secrets; secrets that are there stay."""
    secrets = folder / "secrets.toml"
    if not secrets.exists():
        secrets.write_text(new_secrets_text(date(2026, 11, 22)))
    os.chmod(secrets, 0o600)  # noqa: PTH101
    config = folder / "rpild.toml"
    places = 'data_folder = "data"\nsecrets_file = "secrets.toml"\n'
    config.write_text(
        f"{places}silent_mode = {str(silent).lower()}\nexpose_assessment = true\n{more}\n"
        '[[ehrs]]\nname = "main"\n[[ehrs]]\nname = "other"\n'
    )
    return config


@contextmanager
def running(folder: Path, more: str = "", silent: bool = False, **options: Any) -> Iterator[Hospital]:
    """The plug-in of a settings file on a free port."""
    config = write_config(folder, more, silent)
    settings: Settings = load_settings(config)
    place = settings.place()
    assert place
    assert settings.secrets_file
    store = prepare_store(place, load_secrets(settings.secrets_file))
    clock = Clock()
    app = create_app(settings, load_knowledge(), now=clock, store=store, unsigned="main", **options)
    with loopback.serving(app) as port:
        yield Hospital(f"http://127.0.0.1:{port}", config, store, clock)
    close_store(store)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    with running(tmp_path) as site:
        yield site
