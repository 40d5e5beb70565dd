"""The report and the admin page: what is counted, that small numbers and patients are not told, who gets in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
import requests
from click.testing import CliRunner
from fhir.resources.R4B.auditevent import AuditEvent
from sqlalchemy import text

from rpild_server import passwords
from rpild_server.cli import main
from rpild_server.passwords import MOST_A_MINUTE, PasswordCheck, TooOftenError, hash_password, parts_of
from rpild_server.report import Asked, Line, as_csv, as_text, make_report, names_of, told
from rpild_server.settings import SettingsError, load_settings
from tests.recording.conftest import FIRST, START, Hospital, running
from tests.service.calls import LOINC, bundle, concept, healthy, observation, quantity

SPAN = ("--since", "2026-11-01", "--until", "2026-12-31")
PASSWORD = "correct horse"
PERSONS = re.compile(r"\bp1\b|\bdr\d|Practitioner|Patient/")
LOCAL = observation("local", concept("urn:lab", "=FERR", "Ferr"), quantity(5, "x"), "2026-11-22T08:00:00Z")
SPOILT = observation("spoilt", concept(LOINC, "2276-4", "Ferritin"), quantity(5, "bananas"), "2026-11-22T08:00:00Z")


def fill(hospital: Hospital, calls: int = 12) -> None:
    """Calls by as many users, all but three overridden; two stop at the gate."""
    for number in range(calls):
        card, *_ = hospital.cards(f"dr{number}", more={"laboratory": bundle(LOCAL, SPOILT)})
        if number >= 3:
            hospital.say(card["uuid"], overrideReason={"reason": {"code": "dataWrong"}})
    for _ in range(2):
        hospital.ask(hospital.body() | {"prefetch": healthy(hospital.keys)})
    hospital.settle()


def table(hospital: Hospital, *words: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    result = hospital.run("report", "--csv", *SPAN, *words)
    assert result.exit_code == 0, result.output
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["group", "measure", "what", "number", "of"]
    return {(group, measure, what): (number, of) for group, measure, what, number, of in rows[1:]}


def test_what_is_counted(hospital: Hospital) -> None:
    fill(hospital)
    found = table(hospital)
    group = "not known"
    assert found[group, "calls", "decided"] == ("12", "")
    assert found[group, "calls", "stopped at G3"] == ("<11", "")
    assert (found[group, "fired", FIRST], found[group, "shown", FIRST]) == (("12", ""), ("12", "12"))
    assert found[group, "overridden", f"{FIRST}, dataWrong"] == ("<11", "")
    assert found[group, "unknown", "dlcoDecline"] == ("12", "12")
    assert found[group, "unknown", "fvcDecline"] == ("0", "12")
    assert found[group, "unusable", "ferritin:unit"] == ("12", "")
    assert found[group, "unmapped", "urn:lab|=FERR"] == ("12", "")
    assert float(found[group, "ms", "p95"][0]) >= float(found[group, "ms", "p50"][0]) > 0


@pytest.mark.parametrize(("by", "group"), [("ehr", "not known"), ("unit", "not known"), ("week", "2026-W47")])
def test_groups(hospital: Hospital, by: str, group: str) -> None:
    fill(hospital, 1)
    assert {row[0] for row in table(hospital, "--by", by)} == {group}
    assert table(hospital)["not known", "ms", "p50"] == ("<11 calls", "")


def test_a_group_is_headed_by_the_name_of_its_ehr(hospital: Hospital) -> None:
    fill(hospital, 1)
    ehr = {"name": "main", "iss": "https://ehr.example", "jwks_url": "https://ehr.example/keys", "tenant": "a"}
    names = names_of(load_settings(ehrs=[ehr, {"name": "silent partner"}]))
    assert names == {"https://ehr.example#a": "main"}
    with hospital.store().engine.begin() as connection:
        connection.execute(text("UPDATE decision_records SET iss = 'https://ehr.example#a'"))
    asked = Asked(START - timedelta(days=1), START + timedelta(days=1), "ehr", names)
    groups = {each.group for each in make_report(hospital.store().engine, asked)}
    assert groups == {"main", "not known"}, "calls that stopped are those of the other"


def test_other_times_are_left_out(hospital: Hospital) -> None:
    fill(hospital, 1)
    result = hospital.run("report", "--csv", "--since", "2026-11-23")
    assert result.stdout.splitlines() == ["group,measure,what,number,of"]


@pytest.mark.parametrize(("number", "words"), [(0, "0"), (1, "<11"), (10, "<11"), (11, "11"), (1200, "1200")])
def test_small_numbers_are_not_told(number: int, words: str) -> None:
    assert told(number) == words


@pytest.mark.parametrize(
    ("number", "of", "words"),
    [
        (0, 30, "0"),
        (5, 30, "<11"),
        (19, 30, "19"),
        (20, 30, ">19"),
        (29, 30, ">19"),
        (30, 30, "30"),
        (11, 12, ">1"),
        (0, 5, "<11"),
        (5, 5, "<11"),
        (10, 10, "<11"),
        (0, 11, "0"),
        (11, 11, "11"),
    ],
)
def test_what_is_left_of_a_whole_is_not_told_either(number: int, of: int, words: str) -> None:
    assert told(number, of) == words


def test_a_spreadsheet_computes_nothing_and_a_terminal_moves_nothing() -> None:
    lines = [Line("=cmd()", "unmapped", "@sum\x1b[2J", "12")]
    assert as_csv(lines).splitlines()[1] == "'=cmd(),unmapped,'@sum\x1b[2J,12,"
    assert "\x1b" not in as_text(lines)
    assert as_text(lines).splitlines()[0] == "=cmd(): unmapped"


def test_the_report_for_a_terminal(hospital: Hospital) -> None:
    fill(hospital)
    text_form = hospital.run("report", *SPAN).stdout
    assert f"  {FIRST:<60} {'12':>10}" in text_form.splitlines()
    assert not PERSONS.search(text_form)


def test_the_audit_log_as_audit_events(hospital: Hospital) -> None:
    hospital.topics()
    hospital.run("switch", "silent", "--unit", "Location/icu")
    hospital.settle()
    lines = hospital.run("audit", "export").stdout.splitlines()
    events = [AuditEvent.model_validate_json(line) for line in lines]
    assert [each.subtype[0].code for each in events] == ["decision", "switch"]
    assert [each.action for each in events] == ["E", "U"]
    assert json.loads(lines[1])["outcomeDesc"] == "state: silent; unit: Location/icu"
    later = hospital.run("audit", "export", "--since", "2031-01-01").stdout
    assert later == ""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Hospital]:
    with running(tmp_path, f'admin_password_hash = "{hash_password(PASSWORD)}"') as site:
        yield site


def look(hospital: Hospital, password: str | None = PASSWORD, **query: str) -> requests.Response:
    auth = ("anyone", password) if password is not None else None
    return requests.get(f"{hospital.url}/admin", params=query, auth=auth, timeout=20)


def test_the_page_asks_for_the_password(office: Hospital) -> None:
    for password in (None, "", "wrong"):
        answer = look(office, password)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    bearer = requests.get(f"{office.url}/admin", headers={"Authorization": "Bearer x"}, timeout=20)
    assert bearer.status_code == 401


def test_the_page_shows_the_report(office: Hospital) -> None:
    fill(office)
    office.run("switch", "silent", "--topic", "workup")
    office.clock.now = START + timedelta(hours=1)
    answer = look(office, by="week", weeks="2")
    assert answer.status_code == 200
    assert "2026-W47" in answer.text
    assert "urn:lab|=FERR" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not PERSONS.search(answer.text)
    (event,) = office.log("admin")
    assert json.loads(event.what) == {"by": "week", "page": "report", "weeks": 2}
    sheet = requests.get(f"{office.url}/admin/style.css", timeout=20)
    assert (sheet.status_code, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")


def test_the_page_names_the_switches(office: Hospital) -> None:
    assert "Everything is on." in look(office).text
    office.run("switch", "silent", "--topic", "workup")
    office.store().switches._read_at = None
    assert "<td>workup</td>" in look(office).text


@pytest.mark.parametrize("query", [{"by": "patient"}, {"weeks": "0"}, {"weeks": "x"}, {"weeks": "99999999999"}])
def test_other_questions_count_as_not_asked(office: Hospital, query: dict[str, str]) -> None:
    assert look(office, **query).status_code == 200


def test_markup_in_a_code_is_text(office: Hospital) -> None:
    evil = observation(
        "e", concept("urn:lab", "<script>alert(1)</script>", "x"), quantity(5, "x"), "2026-11-22T08:00:00Z"
    )
    office.topics(more={"laboratory": bundle(evil)})
    office.clock.pass_by(minutes=1)
    assert "&lt;script&gt;" in look(office).text


def test_a_storage_that_fails_is_a_503(office: Hospital) -> None:
    with office.store().engine.begin() as connection:
        connection.execute(text("ALTER TABLE gate_rows RENAME TO gone"))
    answer = look(office)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_without_a_password_there_is_no_page(hospital: Hospital) -> None:
    assert look(hospital).status_code == 404


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counting is what is looked at, not the cost of a hash."""
    monkeypatch.setattr(passwords, "COST", 2)


@pytest.mark.usefixtures("cheap_hashes")
def test_guessing_is_slow() -> None:
    now = [0.0]
    check = PasswordCheck(hash_password(PASSWORD), clock=lambda: now[0])
    assert check.allows(PASSWORD)
    assert [check.allows(f"guess {number}") for number in range(MOST_A_MINUTE)] == [False] * MOST_A_MINUTE
    assert check.allows(PASSWORD)  # it is known, and nobody is locked out by another's guesses
    other = PasswordCheck(hash_password(PASSWORD), clock=lambda: now[0])
    for number in range(MOST_A_MINUTE):
        other.allows(f"guess {number}")
    with pytest.raises(TooOftenError):
        other.allows(PASSWORD)
    now[0] = 61.0
    assert other.allows(PASSWORD)


def test_guesses_at_once_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    check, begun, go_on = PasswordCheck(hash_password(PASSWORD)), Event(), Event()

    def slow(_password: str, _salt: bytes) -> bytes:
        begun.set()
        assert go_on.wait(5)
        return b"wrong"

    monkeypatch.setattr(passwords, "_hash", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(check.allows, "guess")
        assert begun.wait(5)
        with pytest.raises(TooOftenError):
            check.allows(PASSWORD)
        go_on.set()
        assert first.result(5) is False


@pytest.mark.usefixtures("cheap_hashes")
def test_wrong_passwords_are_audited_and_soon_not_looked_at(office: Hospital) -> None:
    answers = [look(office, f"guess {number}") for number in range(MOST_A_MINUTE + 1)]
    assert [each.status_code for each in answers] == [401] * MOST_A_MINUTE + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    events = office.log("admin-refused")
    assert len(events) == MOST_A_MINUTE
    assert "guess" not in "".join(each.what for each in events)


@pytest.mark.parametrize("stored", ["", "plain", "scrypt$x$y", "scrypt$AAAA", "scrypt$AAAA$AAAA", "md5$AAAA$AAAA"])
def test_what_is_no_hash_is_refused(stored: str) -> None:
    assert parts_of(stored) is None
    assert not PasswordCheck(stored).allows(PASSWORD)
    with pytest.raises(SettingsError, match="rpild admin-password"):
        load_settings(admin_password_hash=stored)


def test_the_command_makes_a_hash() -> None:
    result = CliRunner().invoke(main, ["admin-password"], input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    line = result.stdout.splitlines()[-1]
    assert PasswordCheck(line.split('"')[1]).allows(PASSWORD)
