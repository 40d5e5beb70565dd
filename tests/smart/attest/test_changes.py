"""What is new since the last view: nothing of the same, everything of what is otherwise, in the words of the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from rpild_rules.assess import assess
from rpild_rules.facts import PatientFacts
from rpild_rules.knowledge import load_knowledge
from smart_app.changes import Change, Seen, changes, pack_view, seen_in, unpack_view

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KNOWLEDGE = load_knowledge()
BEFORE = Seen(NOW, "suspected", "suspected", {"fvcDecline": "unknown", "fourConditions": "unknown", "ldh400": "met"})


def test_the_same_view_has_no_changes() -> None:
    assert changes(BEFORE, replace(BEFORE, at=NOW.replace(hour=10)), KNOWLEDGE.texts) == ()


def test_changes_are_told_stage_first_in_words() -> None:
    statuses = {"fourConditions": "met", "fvcDecline": "met", "ldh400": "met", "ro52": "notMet"}
    now = Seen(NOW, "firstLine", "confirmed", statuses)
    label = KNOWLEDGE.texts.label
    assert changes(BEFORE, now, KNOWLEDGE.texts) == (
        Change("stage", "stage", label("stage", "suspected"), label("stage", "firstLine")),
        Change("context", "context", label("context", "suspected"), "Anti-MDA5 positive"),
        Change("finding", label("definition", "fourConditions"), "unknown", "met"),
        Change("finding", "Fall of FVC", "unknown", "met"),
        Change("finding", label("flag", "ro52"), "", "notMet"),
    )


def test_a_finding_that_is_judged_no_longer_is_a_change_too() -> None:
    gone = Seen(NOW, "suspected", "suspected", {"fvcDecline": "unknown", "fourConditions": "unknown", "x": "met"})
    assert changes(BEFORE, gone, KNOWLEDGE.texts) == (
        Change("finding", "x", "", "met"),
        Change("finding", KNOWLEDGE.texts.label("flag", "ldh400"), "met", ""),
    )


def test_a_view_is_stored_and_comes_back_the_same() -> None:
    view = seen_in(assess(PatientFacts(), KNOWLEDGE, NOW))
    assert (view.stage, view.at) == ("outOfScope", NOW)
    for each in (view, BEFORE):
        assert unpack_view(pack_view(each)) == each
    assert [unpack_view(each) for each in (None, b"", b'{"form": 0}', b"{}")] == [None] * 4
