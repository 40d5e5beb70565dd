"""From a complaint to its decision: the calls about a patient in a span of time, and what a record says of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
from sqlalchemy import update

from rpild_server.auditing import MOST_A_MINUTE, AuditTrail
from rpild_server.storage.tables import decision_records
from tests.recording.conftest import FIRST, SIGN, Hospital, running
from tests.service.calls import bundle, condition, healthy

EHR, DAY = "main", ("--since", "2026-11-22", "--until", "2026-11-23")


def told(hospital: Hospital, *words: str, patient: str = "p1") -> str:
    hospital.settle()
    result = hospital.run("patient-calls", EHR, patient, *(words or DAY))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_card_and_what_was_said_to_it(hospital: Hospital) -> None:
    answer = hospital.ask(hospital.body("dr1"))
    (card,) = answer.json()["cards"]
    hospital.clock.pass_by(minutes=5)
    hospital.say(card["uuid"], overrideReason={"reason": {"code": "dataWrong"}})
    hospital.clock.pass_by(minutes=5)
    again = hospital.ask(hospital.body("dr1"))
    assert told(hospital, *DAY, "--user", "Practitioner/dr1").splitlines() == [
        "2026-11-22 09:30:00 UTC  rpild-patient-view  (this user)",
        f"    record {answer.headers['X-Correlation-Id']}, knowledge 1.1.1",
        f"    shown: {FIRST} (critical)",
        f"    said: {FIRST} overridden, dataWrong, 2026-11-22 09:35:00 UTC",
        "2026-11-22 09:40:00 UTC  rpild-patient-view  (this user)",
        f"    record {again.headers['X-Correlation-Id']}, knowledge 1.1.1",
        "    shown: nothing",
        f"    not repeated, shown or overridden before: {FIRST}",
    ]


def test_a_call_that_stopped_at_the_gate_says_where(hospital: Hospital) -> None:
    body = hospital.body() | {"prefetch": healthy(hospital.keys)}
    hospital.ask(body)
    lines = told(hospital, *DAY, "--user", "Practitioner/dr1", patient="Patient/p1").splitlines()
    assert lines == [
        "2026-11-22 09:30:00 UTC  rpild-patient-view",
        "    stopped at gate G3: No sign of myositis or rapid lung disease.",
        f"    hook instance {body['hookInstance']}; nothing more is kept of such a call",
    ]


def test_silence_and_switches_are_told(tmp_path: Path) -> None:
    with running(tmp_path, silent=True) as hospital:
        hospital.ask(hospital.body())
        assert f"silent, by setting or switch: {FIRST}" in told(hospital)
    with running(tmp_path) as hospital:
        hospital.run("switch", "off", "--hook", "patient-view")
        hospital.ask(hospital.body())
        hospital.ask(hospital.body() | {"hook": "nothing"})
        lines = told(hospital, "--since", "2026-11-22").splitlines()
        assert any("switch by" in each and "hook patient-view, state off" in each for each in lines)
        off = [each for each in lines if "  switched-off by main: correlation " in each]
        assert [each.rpartition(", ")[2] for each in off] == ["service rpild-patient-view"]
        assert lines[-1] == "Calls of this EHR in that time that name no patient on record: refused RPILD-WRONG-HOOK: 1"


def test_a_call_that_was_refused_is_told_with_its_code(hospital: Hospital) -> None:
    """From a malformed context after the patient was read, and from another patient's resource in the chart."""
    stripped = hospital.body(context={"patientId": "Patient/p1"}) | {"hook": "order-sign"}
    foreign = hospital.body(
        more={"conditions": bundle(condition("396230008", "Dermatomyositis", "2026-09-20", "x", "p9"))}
    )
    answers = [
        hospital.ask(stripped, SIGN),
        hospital.ask(foreign),
        hospital.ask(b"{"),
        hospital.ask(hospital.body() | {"hook": "x"}),
    ]
    assert [each.status_code for each in answers] == [400] * 4
    found = [each.headers["X-Correlation-Id"] for each in answers]
    lines = told(hospital).splitlines()
    assert lines == [
        "No call about this patient was decided in that time.",
        f"2026-11-22 09:30:00 UTC  refused by main: code RPILD-NO-DRAFT-ORDERS, correlation {found[0]}",
        f"2026-11-22 09:30:00 UTC  refused by main: code RPILD-OTHER-PATIENT, correlation {found[1]}",
        "Calls of this EHR in that time that name no patient on record: "
        "refused RPILD-BODY: 1, refused RPILD-WRONG-HOOK: 1",
    ]
    assert told(hospital, patient="p9").splitlines() == [lines[0], lines[-1]]
    assert '"p1"' not in "".join(each.what for each in hospital.log("refused"))


def test_a_crash_is_told_with_the_patient(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_hooks.call.care_unit", lambda *_: 1 // 0)
    assert hospital.ask(hospital.body()).status_code == 500
    assert "refused by main: code RPILD-INTERNAL" in told(hospital)


def test_a_flood_of_refusals_is_counted_though_it_names_nobody(hospital: Hospital) -> None:
    minutes = iter([0.0] * (MOST_A_MINUTE + 4) + [60.0, 60.0])  # two looks at the clock begin a minute
    trail = AuditTrail(hospital.store, hospital.clock, minutes.__next__)
    for _ in range(MOST_A_MINUTE + 4):
        trail("refused", "main", code="RPILD-NO-DRAFT-ORDERS", patient="another")
    assert told(hospital).splitlines()[-1].endswith(": refused RPILD-NO-DRAFT-ORDERS: 3")


def test_a_foreign_fhir_server_is_told_though_nothing_had_to_be_read(hospital: Hospital) -> None:
    """With or without access to it (attack 8); the call itself is answered."""
    grant = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs"}
    named = {"fhirServer": "http://169.254.169.254:80/latest/fhir?x=1"}
    whole = hospital.ask(
        hospital.body(**(named | {"fhirServer": "https://Evil.example/a/fhir", "fhirAuthorization": grant}))
    )
    assert [each["source"]["topic"]["code"] for each in whole.json()["cards"]] == [FIRST]
    assert hospital.ask(hospital.body("dr2", **named)).status_code == 200
    events = [json.loads(each.what) for each in hospital.log("foreign-server")]
    assert [each["at"] for each in events] == ["https://evil.example", "malformed"]
    assert "foreign-server by main: at https://evil.example" in told(hospital)
    page = requests.get(f"{hospital.url}/metrics", timeout=5).text
    assert 'rpild_foreign_servers_total{ehr="main"} 2.0' in page


def test_days_are_those_of_the_site(tmp_path: Path) -> None:
    with running(tmp_path, 'site_timezone = "Europe/Berlin"') as hospital:
        hospital.ask(hospital.body())
        assert "2026-11-22 10:30:00 CET" in told(hospital, "--since", "2026-11-22T10:30", "--until", "2026-11-22T10:31")
        nothing = "No call about this patient was decided in that time.\n"
        assert told(hospital, "--since", "2026-11-22T10:31", "--until", "2026-11-23") == nothing
        assert told(hospital, patient="p2") == nothing


def test_each_look_is_audited_without_the_patients_id(hospital: Hospital) -> None:
    told(hospital)
    (event,) = hospital.log("patient-calls")
    assert '"ehr":"main"' in event.what
    assert '"p1"' not in event.what


def test_content_that_was_removed_is_told(hospital: Hospital) -> None:
    hospital.ask(hospital.body())
    hospital.settle()
    with hospital.store().engine.begin() as connection:
        connection.execute(update(decision_records).values(created="2020-01-01T00:00:00.000000Z"))
    hospital.run("retention")
    assert "; its content was removed on 20" in told(hospital, "--since", "2020-01-01", "--until", "2020-01-02")


def test_an_erasure_is_told_whatever_time_is_asked_for(hospital: Hospital) -> None:
    hospital.ask(hospital.body())
    hospital.run("erase-patient", EHR, "p1")
    lines = told(hospital).splitlines()
    assert re.fullmatch(
        r"Content about this patient was erased on 20\S+ \S+ UTC: calls before that are not listed any more\.", lines[0]
    )
    assert len(lines) == 1
    assert told(hospital, patient="p2") == "No call about this patient was decided in that time.\n"
    again = hospital.ask(hospital.body())
    assert again.headers["X-Correlation-Id"] in told(hospital)


def test_an_unknown_ehr_is_told_with_those_there_are(hospital: Hospital) -> None:
    result = hospital.run("patient-calls", "elsewhere", "p1")
    assert (result.exit_code, "No EHR is named elsewhere; write one of main" in result.stderr) == (2, True)
    assert hospital.run("patient-calls", "https://gone.example", "p1").exit_code == 0


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_what_is_no_time_is_told(hospital: Hospital, option: str) -> None:
    result = hospital.run("patient-calls", EHR, "p1", option, "monday")
    assert (result.exit_code, "'monday' is not a time" in result.stderr) == (2, True)


def test_a_record_tells_why(hospital: Hospital) -> None:
    dm = condition("396230008", "Dermatomyositis", "2026-09-20", "dm") | {"meta": {"versionId": "7"}}
    more = {
        "conditions": bundle(dm, *[each["resource"] for each in hospital.body()["prefetch"]["conditions"]["entry"]][1:])
    }
    (card,) = hospital.cards()
    hospital.say(card["uuid"], overrideReason={"reason": {"code": "dataWrong"}})
    hospital.clock.pass_by(hours=1)
    answer = hospital.ask(hospital.body("dr2", more=more, context={"encounterId": "visit"}))
    result = hospital.run("replay", answer.headers["X-Correlation-Id"], "--why")
    assert (result.exit_code, result.stderr.strip()) == (0, "The same bytes come again.")
    text = " ".join(result.stdout.split())
    assert "rpild-patient-view, asked by Practitioner/dr2 of main about patient p1, encounter visit" in text
    assert "versions read: Condition/dm/7" in text
    assert (
        f"shown to another user before: {FIRST}, 2026-11-22 09:30 UTC, overridden 2026-11-22 09:30 UTC: dataWrong"
        in text
    )
    assert re.search(
        r"met Fall of FVC \[fvcDecline\] why: FVC 3\.0.* fall of 13\.3 % "
        r"evidence: Observation/fvc-1, Observation/fvc-2",
        text,
    )
    assert re.search(rf"critical [^\[]+ \[{FIRST}\]", text)
