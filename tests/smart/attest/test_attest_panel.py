"""The list of statements and the forms: what counts, what has expired, what was said by whom, what can be done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.attestation_drafts import ComparedCt, Statement, attestation, withdrawn
from fhir_mappings.attestations import TABLE
from fhir_mappings.dates import read_time
from rpild_rules.facts import Attestation, PatientFacts, Scan
from rpild_rules.knowledge import load_knowledge
from rpild_rules.when import When
from smart_app.attest_lines import Line
from smart_app.attest_panel import AttestForm, AttestPanel, Stating, attest_panel
from smart_app.attest_texts import say
from smart_app.statement_ports import KeptStatement, Place

KNOWLEDGE = load_knowledge()
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AT = When.at(NOW, UTC)


def said(code: str, value: Any, made: str = "2026-11-23", **fields: Any) -> Attestation:
    when = read_time(made, UTC)
    given = {"by_clinician": True, "by": "Dr D", "status": "final", "reference": f"Observation/{code}"}
    return Attestation(code=code, value=value, made=when, issued=when, **(given | fields))


def panel(*stated: Attestation, kept: tuple[KeptStatement, ...] = (), **fields: Any) -> AttestPanel:
    facts = PatientFacts(attestations=stated, scans=fields.pop("scans", ()))
    given = {"user": "Practitioner/d", "facts": facts, "knowledge": KNOWLEDGE, "now": AT, "key": "k", "kept": kept}
    return attest_panel(Stating(**(given | fields)))


def form(code: str, *stated: Attestation, **fields: Any) -> AttestForm:
    return next(each for each in panel(*stated, **fields).forms if each.code == code)


def kept(code: str, value: Any, place: Place, id: str = "rpild-1", gone: bool = False, **fields: Any) -> KeptStatement:
    compared = (ComparedCt(when="2026-10"), ComparedCt(when="2026-11")) if TABLE[code].get("compares") else ()
    method = "percentage points" if code == "hrct-increase-percent" else ""
    written = attestation(
        Statement(code, value, id, "p1", "Practitioner/d", "Dr D", NOW, compared=compared, method=method)
    )
    if gone:
        written = withdrawn(written, "Practitioner/e", "", NOW)
    return KeptStatement(id, code, place, written["status"], NOW, json.dumps(written).encode(), **fields)


@pytest.mark.parametrize(
    ("code", "value", "made", "standing"),
    [
        ("infection-reviewed", True, "2026-11-22T09:00:00Z", "counts"),
        ("infection-reviewed", True, "2026-11-20T09:00:00Z", "expired"),
        ("respiratory-onset", read_time("2026-11", UTC), "2026-06-01", "counts"),
        ("respiratory-onset", read_time("2026-11", UTC), "2026-01-01", "expired"),
        ("treatment-response", "worsening", "2026-11-05", "expired"),
        ("treatment-response", "stable", "2026-11-05", "counts"),
        ("hrct-increase-percent", Decimal("25.5"), "2026-11-20", "counts"),
        ("hrct-increase-percent", Decimal("25.5"), "2026-11-01", "expired"),
        ("causes-excluded", False, "2026-11-01", "expired"),
    ],
)
def test_a_statement_counts_as_long_as_the_rules_take_it(code: str, value: Any, made: str, standing: str) -> None:
    shown = form(code, said(code, value, made))
    (line,) = shown.lines
    assert (line.standing, line.newest) == (say(f"standing.{standing}"), True)
    assert shown.current == f"{line.told.sentence} ({line.standing})"


def test_a_newer_picture_ends_a_statement() -> None:
    older = said("bilateral-infiltrates", True, "2026-11-20")
    film = Scan("cxr", read_time("2026-11-22T09:00:00Z", UTC), False, False, "ImagingStudy/f")
    (line,) = form("bilateral-infiltrates", older, scans=(film,)).lines
    assert line.standing == say("standing.expired")


def test_the_newest_stands_first_and_who_is_no_clinician_does_not_count() -> None:
    stated = (
        said("causes-excluded", True, "2026-11-20", reference="Observation/1"),
        said("causes-excluded", None, "2026-11-22", reference="Observation/2"),
        said("causes-excluded", False, "2026-11-21", reference="Observation/3", by=""),
        said("causes-excluded", True, "2026-11-23", reference="Observation/4", by_clinician=False, by="Patient/p"),
    )
    lines = form("causes-excluded", *stated).lines
    assert [(each.reference[-1], each.standing) for each in lines] == [
        ("3", say("standing.counts")), ("2", say("standing.replaced")), ("1", say("standing.replaced")),
        ("4", say("standing.not_clinician")),
    ]  # fmt: skip
    assert lines[0].told.by == "signed by nobody"
    assert lines[1].told.said == "cannot be read"
    assert not any(each.may_withdraw for each in lines)


def line(code: str, value: Any, place: Place, **fields: Any) -> Line:
    return form(code, kept=(kept(code, value, place, **fields),)).lines[0]


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("causes-excluded", True, "Yes"),
        ("hrct-increase-percent", Decimal("25.5"), "25.5 %"),
        ("treatment-response", "worsening", "worsening"),
        ("respiratory-onset", "2026-11", "2026-11"),
    ],
)
def test_what_was_withdrawn_stays_in_the_list_with_who_took_it_back(code: str, value: Any, words: str) -> None:
    found = line(code, value, "ehr", gone=True)
    assert (found.told.said, found.told.by, found.withdrawn, found.may_withdraw) == (words, "Dr D", True, False)
    assert "entered in error: Practitioner/e, 2026-11-24 09:00" in found.told.about
    assert found.kept == say("kept.ehr")


def test_where_a_statement_is_kept_decides_whether_it_can_be_withdrawn() -> None:
    own = said("causes-excluded", True, reference="Observation/rpild-1")
    shown = form("causes-excluded", own, kept=(kept("causes-excluded", True, "own"),)).lines
    assert [(each.kept, each.may_withdraw) for each in shown] == [(say("kept.own"), True)]
    assert form("causes-excluded", own).lines[0].may_withdraw is False
    assert form("causes-excluded", own, may_change=True).lines[0].may_withdraw is True


def test_what_waits_says_why_and_who_decides() -> None:
    waiting = panel(
        kept=(
            kept("ct-worsening", True, "refused", "a"), kept("ct-worsening", True, "unheard", "b", mine=False),
            kept("ct-worsening", True, "sending", "c", gone=True), kept("ct-worsening", True, "own", "d"),
        )
    ).waiting  # fmt: skip
    assert [(each.id, each.mine) for each in waiting] == [("a", True), ("b", False)]
    assert waiting[0].told.about == "2026-10 → 2026-11"
    assert [each.why for each in waiting] == [say("waiting.refused"), say("waiting.others", by="Dr D")]


def test_forms_are_off_without_a_clinician_or_a_store() -> None:
    for fields, why in (
        ({"user": ""}, "no_clinician"),
        ({"user": "Patient/p"}, "no_clinician"),
        ({"stored": False}, "no_store"),
    ):
        shown = panel(said("causes-excluded", True), **fields)
        assert shown.off == say(f"panel.{why}")
        assert all(each.fields == () for each in shown.forms)
        assert any(each.lines for each in shown.forms)


def test_how_the_last_act_ended_is_told_in_words_of_ours_only() -> None:
    assert panel(done="ehr").notice == say("done.ehr")
    assert [panel(done=word).loud for word in ("ehr", "refused")] == [False, True]
    assert panel(done="<script>").notice == ""


def test_all_nine_statements_are_asked_for() -> None:
    forms = panel(may_create=True).forms
    assert {each.code for each in forms} == set(TABLE)
    kinds = {each.code: [field.kind for field in each.fields] for each in forms}
    assert kinds["ct-worsening"] == ["radio", "select", "text", "select", "text"]
    assert kinds["hrct-increase-percent"] == ["text", "radio", "select", "select"]
    (answer,) = next(each for each in forms if each.code == "treatment-response").fields
    assert [choice.value for choice in answer.choices] == ["improving", "stable", "worsening"]
    ids = [field.id for each in forms for field in each.fields]
    assert len(ids) == len(set(ids))


def test_what_reports_say_stands_beside_the_choice_of_cts() -> None:
    older, newer = (
        Scan("ct-chest", read_time(day, UTC), False, False, f"ImagingStudy/{day}")
        for day in ("2026-10-01", "2026-11-01")
    )
    shown = {"scans": (older, newer), "report_texts": {"ImagingStudy/2026-11-01": "Ground-glass opacities."}}
    reports = form("hrct-increase-percent", **shown).reports
    assert [words for _, words in reports] == ["Ground-glass opacities.", ""]
    assert "2026-11-01" in reports[0][0]
    assert form("progressive-dyspnoea", **shown).reports == ()
