"""The canary: it gets its card through the whole path of a running service, once a host, and tells when it does not."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rpild_server.app import create_app
from rpild_server.canary import CANARY, chart, create_canary
from rpild_server.ehr_settings import EhrSettings
from rpild_server.loopback import serving
from rpild_server.metrics import Meters
from rpild_server.settings import SettingsError, load_settings
from rpild_server.storing import temporary_store
from tests.cli.serving import served
from tests.conftest import free_port
from tests.operations.test_metrics import value

PUBLIC = "https://rpild.example"


def read(meters: Meters) -> float | None:
    samples = [one for family in meters.registry.collect() for one in family.samples if one.name == "rpild_canary_ok"]
    return samples[0].value if samples else None


@pytest.mark.parametrize("silent", [False, True])
def test_it_gets_its_card_even_on_a_silent_site(tmp_path: Path, silent: bool) -> None:
    port, meters = free_port(), Meters("1", "1")
    canary, record = create_canary(f"http://127.0.0.1:{port}", PUBLIC, tmp_path, 5)
    settings = load_settings(silent_mode=silent, public_base_url=PUBLIC).model_copy(update={"ehrs": (record,)})
    with temporary_store() as store, serving(create_app(settings, store=store), port):
        assert canary.send(meters)
        assert canary.send(meters), "the memory of its first card must not silence the second"
    assert read(meters) == 1


def test_it_fails_where_nothing_listens_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(
        "rpild_server.canary.report", lambda event, **fields: told.append((event, fields["status"], fields["why"]))
    )
    canary, _ = create_canary(f"http://127.0.0.1:{free_port()}", PUBLIC, tmp_path, 5)
    meters = Meters("1", "1")
    assert not canary.send(meters)
    assert read(meters) == 0
    assert told == [("canary-failed", 0, "no-answer")]


def test_nobody_else_can_call_as_the_canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr("rpild_server.canary.report", lambda _event, **fields: told.append(fields))
    _first, record = create_canary("http://127.0.0.1:1", PUBLIC, tmp_path, 5)
    port, folder = free_port(), tmp_path / "other"
    folder.mkdir()
    other, _ = create_canary(f"http://127.0.0.1:{port}", PUBLIC, folder, 5)
    settings = load_settings(public_base_url=PUBLIC).model_copy(update={"ehrs": (record,)})
    with serving(create_app(settings), port):
        assert not other.send(Meters("1", "1"))
    assert [(each["status"], each["why"]) for each in told] == [(401, "refused")]
    assert json.loads((tmp_path / "canary-keys.json").read_text())["keys"][0].keys().isdisjoint({"d", "p", "q"})


def test_its_chart_is_of_today_and_of_nobody() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    text = json.dumps(chart(now))
    assert "{-" not in text
    assert "2026-11-06T12:00:00" in text
    assert '"name"' not in text


def test_a_site_cannot_take_its_name() -> None:
    with pytest.raises(SettingsError, match="canary"):
        load_settings(ehrs=(EhrSettings.model_validate({"name": CANARY}),))


@pytest.mark.slow
def test_one_worker_of_a_service_sends_it_and_its_failure_would_be_seen(tmp_path: Path) -> None:
    with served(tmp_path, canary_minutes="0.01") as stack:
        deadline = time.monotonic() + 20
        while value(stack.url, "rpild_canary_ok") != 1 and time.monotonic() < deadline:
            time.sleep(0.3)
        assert value(stack.url, "rpild_canary_ok", service="rpild-patient-view") == 1
        assert value(stack.url, "rpild_calls_total", ehr=CANARY, result="cards") >= 1
        assert value(stack.url, "rpild_refusals_total") == 0
