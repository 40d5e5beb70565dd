"""Silence over HTTP: the alert memory, overrides by feedback, silent mode, the kill switch, pathway flags."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from rpild_server.payload import unpack
from rpild_server.storage.replay import load
from rpild_server.storage.switches import SwitchBoard
from rpild_server.storage.tables import alert_memory, decision_records, feedback
from tests.recording.conftest import FIRST, SIGN, Hospital, running
from tests.service.calls import LOINC, Json, bundle, concept, observation, quantity

SITE_FLAG = {
    "resourceType": "Flag", "id": "f", "status": "active", "subject": {"reference": "Patient/p1"},
    "code": {"coding": [{"system": "urn:site", "code": "rpild"}]},
}  # fmt: skip
ICU = {
    "resourceType": "Encounter", "id": "stay", "status": "in-progress", "subject": {"reference": "Patient/p1"},
    "class": {"code": "IMP"}, "period": {"start": "2026-11-21T07:00:00Z"},
    "location": [{"location": {"reference": "Location/icu"}}],
}  # fmt: skip
REASON = {"system": "urn:rpild:override-reason", "code": "alternativeDiagnosis"}


def ferritin(value: float) -> Json:
    one = observation(
        "ferritin", concept(LOINC, "2276-4", "Ferritin"), quantity(value, "ng/mL"), "2026-11-22T09:00:00Z"
    )
    return {"laboratory": bundle(one)}


def summaries(hospital: Hospital) -> list[Json]:
    hospital.settle()
    with hospital.store().engine.connect() as connection:
        rows = connection.execute(select(decision_records.c.summary).order_by(decision_records.c.created)).scalars()
        return [json.loads(each) for each in rows]


def test_a_card_is_told_once_to_each_user(hospital: Hospital) -> None:
    assert hospital.topics() == [FIRST]
    assert hospital.topics() == []
    assert hospital.topics("dr2") == [FIRST]
    hospital.clock.pass_by(hours=25)
    assert hospital.topics() == [FIRST]
    assert [each["suppressed"] for each in summaries(hospital)] == [[], [FIRST], [], []]


def test_what_others_were_shown_is_not_copied_into_a_record(hospital: Hospital) -> None:
    for number in range(5):
        hospital.topics(f"other{number}")
    answer = hospital.ask(hospital.body())
    decision = load(hospital.store().engine, hospital.store().keyring, answer.headers["X-Correlation-Id"])
    assert unpack(decision.payload or b"").inputs.remembered.alerts == ()


def test_worse_evidence_speaks_again(hospital: Hospital) -> None:
    assert hospital.topics(more=ferritin(900)) == [FIRST]
    assert hospital.topics(more=ferritin(910)) == []
    assert hospital.topics(more=ferritin(1600)) == [FIRST]


def test_without_a_memory_every_call_speaks(tmp_path: Path) -> None:
    with running(tmp_path, "alert_memory = false") as hospital:
        assert [hospital.topics(), hospital.topics()] == [[FIRST], [FIRST]]
        diet = {"draftOrders": bundle({"resourceType": "ServiceRequest", "id": "d", "status": "draft"})}
        body = hospital.body(hook="order-sign", context=diet)
        assert hospital.ask(body, SIGN).json()["cards"] == []


def test_rule_c_over_http(hospital: Hospital) -> None:
    subject = {"reference": "Patient/p1"}
    draft = {
        "resourceType": "ServiceRequest",
        "id": "d",
        "status": "draft",
        "subject": subject,
        "code": {"text": "Diet"},
    }
    answers = [
        hospital.ask(hospital.body(hook="order-sign", context={"draftOrders": bundle(draft)}), SIGN) for _ in range(2)
    ]
    assert [len(each.json()["cards"]) for each in answers] == [1, 0]


def test_a_memory_that_fails_silences_nothing(hospital: Hospital) -> None:
    assert hospital.topics() == [FIRST]
    with hospital.store().memory_engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert_memory RENAME TO gone"))
    assert hospital.topics() == [FIRST]
    (card,) = hospital.cards()
    assert hospital.say(card["uuid"], overrideReason={"reason": REASON}).status_code == 200


def test_a_mark_that_cannot_be_read_silences_nothing(hospital: Hospital) -> None:
    hospital.topics()
    with hospital.store().memory_engine.begin() as connection:
        connection.execute(text("UPDATE alert_memory SET marks = 'x'"))
    assert hospital.topics() == [FIRST]


def test_a_record_store_that_fails_ends_the_call(hospital: Hospital) -> None:
    hospital.topics()
    with hospital.store().engine.begin() as connection:
        connection.execute(text("ALTER TABLE decision_records RENAME TO gone"))
    answer = hospital.ask(hospital.body())
    coding = answer.json()["issue"][0]["details"]["coding"][0]
    assert (answer.status_code, coding["code"], answer.headers["Retry-After"]) == (503, "RPILD-NOT-RECORDED", "5")


def test_an_override_silences(hospital: Hospital) -> None:
    (card,) = hospital.cards()
    assert hospital.say(card["uuid"], overrideReason={"reason": REASON, "userComment": "seen"}).json() == {}
    hospital.clock.pass_by(hours=30)
    assert hospital.topics("dr2") == []
    with hospital.store().engine.connect() as connection:
        (row,) = connection.execute(select(feedback)).mappings()
    assert (row["outcome"], row["reason"]) == ("overridden", "alternativeDiagnosis")
    assert b"seen" not in row["comment"]


def test_an_override_beside_malformed_entries_is_kept(hospital: Hospital) -> None:
    (card,) = hospital.cards()
    overridden = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-22T09:31:00Z"}
    accepted = overridden | {"outcome": "accepted"}  # without the suggestions that were taken
    assert hospital.say_all([accepted, overridden, "x"]).json() == {}
    with hospital.store().engine.connect() as connection:
        (row,) = connection.execute(select(feedback)).mappings()
    assert row["outcome"] == "overridden"


def test_feedback_is_kept_once(hospital: Hospital) -> None:
    (card,) = hospital.cards()
    for _ in range(3):
        hospital.say(card["uuid"], overrideReason={"reason": REASON})
    hospital.say(card["uuid"], "accepted", acceptedSuggestions=[{"id": card["suggestions"][0]["uuid"]}])
    with hospital.store().engine.connect() as connection:
        assert sorted(connection.execute(select(feedback.c.outcome)).scalars()) == ["accepted", "overridden"]


DEVIATIONS: dict[str, Json] = {
    "overrideReasons as an object": {"overrideReasons": {"reason": REASON}},
    "overrideReasons as a list": {"overrideReasons": [{"reason": REASON, "userComment": "x"}]},
    "in an extension": {"extension": {"com.example.override": {"reason": {"coding": [REASON]}}}},
    "a code without its system": {"overrideReason": {"reason": {"code": "alternativeDiagnosis"}}},
    "a time that cannot be read": {"overrideReason": {"reason": REASON}, "outcomeTimestamp": "yesterday"},
    "a time without a zone": {"overrideReason": {"reason": REASON}, "outcomeTimestamp": "2026-11-22T09:30:00"},
    "a time ahead": {"overrideReason": {"reason": REASON}, "outcomeTimestamp": "2031-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("fields", DEVIATIONS.values(), ids=DEVIATIONS)
def test_deviations_of_vendors(hospital: Hospital, fields: Json) -> None:
    (card,) = hospital.cards()
    for _ in range(2):
        assert hospital.say(card["uuid"], **fields).status_code == 200
    hospital.clock.pass_by(days=6)
    assert hospital.topics("dr2") == []
    hospital.clock.pass_by(days=2)
    assert hospital.topics("dr2") == [FIRST]
    with hospital.store().engine.connect() as connection:
        assert list(connection.execute(select(feedback.c.reason)).scalars()) == ["alternativeDiagnosis"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"overrideReason": {"reason": {"system": "urn:other", "code": "dataWrong"}}}, "other"),
        ({"overrideReason": {"userComment": "no code"}}, ""),
        ({"overrideReason": {"reason": {"code": "made-up", "system": REASON["system"]}}}, "other"),
        ({}, ""),
    ],
)
def test_reasons_of_others_are_kept_as_such(hospital: Hospital, fields: Json, reason: str) -> None:
    (card,) = hospital.cards()
    hospital.say(card["uuid"], **fields)
    with hospital.store().engine.connect() as connection:
        assert list(connection.execute(select(feedback.c.reason)).scalars()) == [reason]


@pytest.mark.parametrize("card", ["not-a-uuid", "7a5f6f0e-93b4-4f43-9a50-0d5f6a7b8c9d", "x" * 300])
def test_feedback_on_an_unknown_card_has_no_effect(hospital: Hospital, card: str) -> None:
    answer = hospital.say(card, overrideReason={"reason": REASON})
    assert (answer.status_code, answer.json()) == (200, {})
    with hospital.store().engine.connect() as connection:
        assert connection.execute(select(feedback)).all() == []


def test_silent_mode_records_and_shows_nothing(tmp_path: Path) -> None:
    with running(tmp_path, silent=True) as hospital:
        assert hospital.topics() == []
        (summary,) = summaries(hospital)
        assert (summary["fired"], summary["shown"]) == ([FIRST], [])
        with hospital.store().memory_engine.connect() as connection:
            assert connection.execute(select(alert_memory)).all() == []


def wait_for_switches(hospital: Hospital) -> None:
    """What five seconds do: the board reads again."""
    board: SwitchBoard = hospital.store().switches
    board._read_at = None


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        (["--topic", FIRST], []),
        (["--hook", "patient-view"], []),
        (["--ehr", "main"], []),
        (["--unit", "Location/icu"], []),
        (["--topic", "workup"], [FIRST]),
        (["--hook", "order-sign"], [FIRST]),
        (["--ehr", "other"], [FIRST]),
        (["--unit", "Location/ward"], [FIRST]),
        (["--topic", FIRST, "--unit", "Location/ward"], [FIRST]),
    ],
)
@pytest.mark.parametrize("state", ["silent", "off"])
def test_switches_by_scope(hospital: Hospital, state: str, scope: list[str], shown: list[str]) -> None:
    assert hospital.run("switch", state, *scope).exit_code == 0
    wait_for_switches(hospital)
    assert hospital.topics(more={"encounters": bundle(ICU)}) == shown
    (event,) = hospital.log("switch")
    assert json.loads(event.what)["state"] == state
    assert len(hospital.log("switched-off")) == (state == "off" and not shown)
    hospital.run("switch", "on", *scope)
    wait_for_switches(hospital)
    assert hospital.topics("dr2", more={"encounters": bundle(ICU)}) == [FIRST]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (["--ehr", "mian"], "--ehr mian: there is none; write one of main, other."),
        (["--hook", "order-sing"], "write one of order-select, order-sign, patient-view."),
        (["--topic", "combinationtherapy"], "write one of "),
        (["--unit", "icu"], "write it as the EHR refers to it, such as Location/12."),
        (["--ehr", "main", "--hook", "sign"], "--hook sign: there is none"),
    ],
)
@pytest.mark.parametrize("state", ["silent", "off", "on"])
def test_what_would_stop_nothing_is_refused(hospital: Hospital, state: str, scope: list[str], words: str) -> None:
    result = hospital.run("switch", state, *scope)
    assert (result.exit_code, words in result.stderr, "Nothing was switched." in result.stderr) == (2, True, True)
    assert hospital.log("switch") == []


def test_what_is_in_force_is_told_after_each_change(hospital: Hospital) -> None:
    hospital.run("switch", "off", "--hook", "order-sign")
    told = hospital.run("switch", "silent", "--unit", "Location/icu").stdout.splitlines()
    assert told == [
        "silent: unit Location/icu; every process knows within 5 seconds",
        "look again: no call on record came from Location/icu",
        "in force now: silent: unit Location/icu",
        "in force now: off: hook order-sign",
    ]
    told = hospital.run("switch", "on").stdout.splitlines()
    assert told[0] == "on: everything was not switched by itself"
    assert told[1:] == ["in force now: silent: unit Location/icu", "in force now: off: hook order-sign"]
    hospital.run("switch", "on", "--hook", "order-sign")
    assert hospital.run("switch", "on", "--unit", "Location/icu").stdout.splitlines()[-1] == (
        "in force now: nothing is switched off or silent"
    )


def test_a_unit_that_calls_is_not_doubted(hospital: Hospital) -> None:
    hospital.topics(more={"encounters": bundle(ICU)})
    hospital.settle()
    assert "look again" not in hospital.run("switch", "silent", "--unit", "Location/icu").stdout


def test_a_call_that_is_switched_off_is_not_evaluated(hospital: Hospital) -> None:
    hospital.run("switch", "off")
    wait_for_switches(hospital)
    answer = hospital.ask(hospital.body() | {"prefetch": {}})
    assert (answer.status_code, answer.json()) == (200, {"cards": []})
    assert summaries(hospital) == []
    (event,) = hospital.log("switched-off")
    assert event.who == "main"


@pytest.mark.slow
def test_the_kill_switch_acts_within_ten_seconds(hospital: Hospital) -> None:
    assert hospital.topics("dr0") == [FIRST]
    hospital.run("switch", "off")
    begun, asked = time.monotonic(), 0
    while hospital.topics(f"dr{(asked := asked + 1)}"):
        assert time.monotonic() - begun < 10
        time.sleep(0.2)
    assert hospital.log("switched-off")


def test_a_pathway_flag_of_the_site(tmp_path: Path) -> None:
    with running(tmp_path, 'pathway_flag_codes = ["urn:site|rpild"]') as hospital:
        assert hospital.topics(more={"flags": bundle(SITE_FLAG)}) == []
        assert hospital.topics() == [FIRST]


def test_the_unit_of_the_call_is_that_of_its_encounter(hospital: Hospital) -> None:
    ward: dict[str, Any] = ICU | {"id": "visit", "location": [{"location": {"reference": "Location/ward"}}]}
    ward |= {"period": {"start": "2026-11-20T07:00:00Z"}}
    for context in ({}, {"encounterId": "visit"}):
        hospital.topics(f"dr{len(context)}", more={"encounters": bundle(ICU, ward)}, context=context)
    hospital.settle()
    with hospital.store().engine.connect() as connection:
        units = connection.execute(select(decision_records.c.unit).order_by(decision_records.c.unit)).scalars()
        assert list(units) == ["Location/icu", "Location/ward"]
