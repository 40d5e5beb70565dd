"""`rpild doctor`: what is wrong is named with its remedy and ends with 1; a running site is well."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from rpild_server import doctor as doctor_module
from rpild_server import doctor_of_service, probe
from rpild_server.cli import main
from rpild_server.diagnosis import Row
from rpild_server.doctor import diagnose, worst
from rpild_server.doctor_of_ehrs import look_at_ehr
from rpild_server.doctor_of_settings import look_at_settings
from rpild_server.ehr_settings import EhrSettings
from rpild_server.initial import write_initial
from rpild_server.probe import Seen
from rpild_server.settings import load_settings
from rpild_server.settings_note import note_start
from rpild_server.storage.audit import Event
from rpild_server.storage.schema import migrate
from rpild_server.storage.secrets_file import load_secrets
from rpild_server.storage.store import open_storage
from tests.cli.serving import served, write_site
from tests.conftest import free_port
from tests.service.hostile_server import give, hostile_server
from tests.storage.making import decision

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rows(config: Path, now: datetime = NOW) -> dict[str, Row]:
    """The gravest row of each thing."""
    order = ("ok", "warn", "fault")
    found: dict[str, Row] = {}
    for row in diagnose(config, now):
        if row.what not in found or order.index(row.level) > order.index(found[row.what].level):
            found[row.what] = row
    return found


def with_tables(folder: Path) -> Path:
    """The configuration of a site that was started once."""
    config = write_site(folder, free_port(), free_port())
    settings = load_settings(config)
    place = settings.place()
    assert place
    migrate(place)
    return config


@pytest.mark.slow
def test_a_running_site_is_well_and_one_that_has_ended_is_told(tmp_path: Path) -> None:
    with served(tmp_path, canary_minutes="0.01") as stack:
        deadline = time.monotonic() + 20
        while rows(tmp_path / "rpild.toml", datetime.now(UTC))["canary"].level != "ok" and time.monotonic() < deadline:
            time.sleep(0.5)
        found = rows(tmp_path / "rpild.toml", datetime.now(UTC))
        assert found["service"].level == "ok", stack.log.read_text()
        assert found["canary"].level == found["storage"].level == found["kit: keys"].level == "ok"
        assert found["calls"].level == "warn"
        assert found["calls"].text == "no EHR has called yet (calls of the canary do not count here)"
        assert found["kit: FHIR"].level == "fault", "nothing listens there"
    assert rows(tmp_path / "rpild.toml")["service"].level == "warn"


def test_the_command_prints_rows_and_ends_with_1(tmp_path: Path) -> None:
    write_initial(tmp_path, date(2026, 11, 24))
    command = ["doctor", "--config", str(tmp_path / "rpild.toml")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "fault main: keys" in done.stdout
    assert "ehrs.0.fhir_bases still name hosts of the example" in done.stdout
    assert "not set: site_file" in done.stdout
    assert "Without keys its calls are refused with 401." in done.stdout
    found = json.loads(CliRunner().invoke(main, [*command, "--json"]).stdout)
    assert {"level", "what", "text", "remedy"} == found[0].keys()


def test_before_its_first_start_the_tables_are_no_fault(tmp_path: Path) -> None:
    assert rows(write_site(tmp_path, free_port(), free_port()))["storage"].level == "warn"


def test_refused_calls_are_told_with_their_reason(tmp_path: Path) -> None:
    config = with_tables(tmp_path)
    settings = load_settings(config)
    place, iss = settings.place(), settings.ehrs[0].iss
    assert place
    assert settings.secrets_file
    caller = {"code": "RPILD-CALLER", "why": "audience", "iss": iss}
    events = [
        Event(NOW, "refused", "unknown", caller | {"left_out": 2}),
        Event(NOW, "refused", "unknown", {"code": "RPILD-CALLER", "why": "issuer", "iss": "https://evil\u202e\x1b[2J"}),
        Event(NOW, "refused", "unknown", {"code": "RPILD-CALLER", "why": "no-token"}),
        Event(NOW, "refused", "kit", {"code": "RPILD-HOOK-OFF"}),
        Event(NOW - timedelta(days=2), "refused", "kit", {"code": "RPILD-BODY"}),
    ]
    storage = open_storage(place, load_secrets(settings.secrets_file))
    for each in events:
        storage.audit(each, wait=True)
    storage.close()
    found = rows(config)
    assert found["calls"].text == "no call of an EHR was let in yet (calls of the canary do not count here)"
    assert found["refused"].level == "warn"
    told = found["refused"].text
    assert told.startswith("6 requests refused within 24 hours: 3 of kit: audience, 1 of an issuer 'https://evil")
    assert told.endswith("1 of an unknown caller: no-token, 1 of kit: RPILD-HOOK-OFF")
    assert told.isascii()
    assert told.isprintable()


def test_a_canary_without_a_card_may_be_of_before_a_switch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        doctor_of_service, "look", lambda _address: Seen(200, text='rpild_canary_ok{service="x"} 0.0\n')
    )
    settings = load_settings(write_site(tmp_path, free_port(), free_port()))
    row = next(each for each in doctor_of_service.look_at_service(settings) if each.what == "canary")
    assert (row.level, "in its last round" in row.text, "switch" in row.remedy) == ("fault", True, True)


def test_settings_that_cannot_be_read_end_the_look(tmp_path: Path) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text("colour = 1")
    found = list(diagnose(file, NOW))
    assert [each.level for each in found] == ["fault"]
    assert worst(found) == 1


def test_what_is_for_trying_is_warned_of_and_missing_secrets_are_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "rpild.toml"
    file.write_text('allow_http_loopback = true\nsecrets_file = "nowhere.toml"\n[[ehrs]]\nname = "main"\n')
    found = rows(file)
    assert found["settings"].level == "fault"
    assert (found["silent mode"].level, "calls of main" in found["silent mode"].text) == ("warn", True)


def test_what_is_off_is_told_with_what_it_costs(tmp_path: Path) -> None:
    more = {"canary_minutes": "0", "metrics": "false", "alert_memory": "false"}
    ehrs = (
        '[{name = "a", hooks = ["order-sign"]}, '
        '{name = "b", smart = true, client_id = "c", fhir_bases = ["http://127.0.0.1:9/fhir"]}]'
    )
    config = write_site(tmp_path, free_port(), free_port(), ehrs=ehrs, **more)
    found = [(each.level, f"{each.what}: {each.text}") for each in look_at_settings(load_settings(config), config)]
    for name in more:
        assert any(level == "warn" and f"settings: {name} is off" in text for level, text in found)
    assert ("ok", "a: hooks: switched off: order-select, patient-view") in found
    assert ("ok", "a: page: smart is off: cards carry no link, the page cannot be opened from it") in found
    assert ("ok", "b: page: no origins: the page opens in a tab, nothing may frame it") in found
    assert ("warn", "a: FHIR: no fhir_bases: nothing can be read from it") in found


def test_a_mapping_that_is_set_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("")
    config = tmp_path / "rpild.toml"
    config.write_text('site_mapping = "m.toml"\n')
    told = [each.text for each in look_at_settings(load_settings(config), config) if each.what == "not set"]
    assert ["site_mapping" in each for each in told] == [False]


def test_old_secrets_and_a_full_disk_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_tables(tmp_path)
    long_ago = (NOW - timedelta(days=400)).timestamp()
    os.utime(tmp_path / "secrets.toml", (long_ago, long_ago))
    monkeypatch.setattr(doctor_module, "TOO_LITTLE", 2**60)
    monkeypatch.setattr(doctor_module, "LITTLE", 2**61)
    found = rows(tmp_path / "rpild.toml")
    assert found["secrets"].level == "warn"
    assert found["disk"].level == "fault"


def test_a_switch_that_is_set_is_told(tmp_path: Path) -> None:
    config = str(with_tables(tmp_path))
    done = CliRunner().invoke(main, ["switch", "off", "--config", config, "--topic", "workup"])
    assert done.exit_code == 0, done.output
    found = rows(tmp_path / "rpild.toml", datetime.now(UTC))
    assert (found["switches"].level, found["switches"].text) == ("warn", "workup is off")


@pytest.mark.verifies("S4")
@pytest.mark.parametrize(("apart", "level"), [(5, "ok"), (600, "fault")])
def test_a_clock_that_differs_is_a_fault(apart: int, level: str) -> None:
    with hostile_server() as fhir:
        fhir.acts["metadata"] = give({"resourceType": "CapabilityStatement"})
        ehr = EhrSettings.model_validate({"name": "main", "fhir_bases": (fhir.base,)})
        now = datetime.now(UTC) + timedelta(seconds=apart)
        found = [each for each in look_at_ehr(ehr, load_settings(), now) if each.what == "main: clock"]
    assert [each.level for each in found] == [level]


def test_a_smart_configuration_that_cannot_be_had_is_a_fault() -> None:
    with hostile_server() as fhir:
        given = {"name": "main", "smart": True, "client_id": "rpild", "fhir_bases": (fhir.base,)}
        found = {each.what: each for each in look_at_ehr(EhrSettings.model_validate(given), load_settings(), NOW)}
    assert found["main: SMART"].level == "fault"


@pytest.mark.parametrize(("days", "level"), [(90, "ok"), (5, "warn"), (-1, "fault")])
def test_a_certificate_that_ends_soon_is_told(monkeypatch: pytest.MonkeyPatch, days: int, level: str) -> None:
    monkeypatch.setattr(doctor_of_service, "certificate_days", lambda _host, _port: days)
    assert [each.level for each in doctor_of_service.certificate_rows("https://ehr.example/fhir", "main")] == [level]


def test_a_certificate_of_nobody_has_no_days() -> None:
    assert probe.certificate_days("127.0.0.1", free_port(), 0.5) is None


def test_the_canary_that_fails_is_a_fault() -> None:
    page = Seen(200, text='rpild_canary_ok{service="s"} 0.0\n')
    assert [each.level for each in doctor_of_service._canary(page, load_settings())] == ["fault"]


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def with_a_record(folder: Path) -> Path:
    """The configuration of a site that was started once and has decided once, under the key `2026-11`."""
    config = with_tables(folder)
    settings = load_settings(config)
    place, secrets = settings.place(), load_secrets(folder / "secrets.toml")
    assert place
    note_start(settings, place, secrets, NOW)
    storage = open_storage(place, secrets)
    storage.records.record(decision())
    storage.close()
    return config


OTHER_SECRETS = {
    "pseudonym": ('pseudonym = "', 'pseudonym = "AAAA', "secrets.toml: pseudonym is another one"),
    "renamed": ('2026-11"', 'lost"', "secrets.toml: [keys] has no '2026-11'"),
}


@pytest.mark.parametrize(("old", "new", "said"), OTHER_SECRETS.values(), ids=OTHER_SECRETS)
def test_secrets_of_other_data_are_a_fault_as_they_are_for_serve(tmp_path: Path, old: str, new: str, said: str) -> None:
    config = with_a_record(tmp_path)
    text = (tmp_path / "secrets.toml").read_text()
    start = text.index(old)
    changed = text.replace(old, new) if old.startswith("2") else text[:start] + new + text[start + len(new) :]
    (tmp_path / "secrets.toml").write_text(changed)
    found = rows(config)["secrets"]
    assert (found.level, found.text.startswith("RPILD-SECRETS-OTHER"), said in found.text) == ("fault", True, True)
    served = CliRunner().invoke(main, ["serve", "--config", str(config)])
    assert (served.exit_code, said in served.stderr, "backup" in served.stderr) == (2, True, True)


def test_records_whose_key_was_dropped_are_counted(tmp_path: Path) -> None:
    config, file = with_a_record(tmp_path), tmp_path / "secrets.toml"
    fresh = base64.b64encode(b"n" * 32).decode()
    rewrite(file, 'current = "2026-11"', 'current = "new"')
    file.write_text(file.read_text() + f'new = "{fresh}"\n')
    settings = load_settings(config)
    place = settings.place()
    assert place
    note_start(settings, place, load_secrets(file), NOW)
    assert rows(config)["secrets"].level == "ok"
    file.write_text("".join(each for each in file.read_text().splitlines(True) if not each.startswith('"2026-11"')))
    found = rows(config)["secrets"]
    assert (found.level, found.text.split(":")[0]) == ("fault", "1 record cannot be read")
    assert "lacks keys.2026-11" in found.text


def test_a_head_that_is_not_ours_is_a_fault(tmp_path: Path) -> None:
    config = with_a_record(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data/records.sqlite3")) as connection, connection:
        connection.execute("UPDATE audit_head SET mac = 'x'")
    assert "RPILD-STORE-CHAIN" in rows(config)["storage"].text
