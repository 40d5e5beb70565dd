"""What changed since the last view: of this user, on this patient, in an earlier launch or since this one began."""

from __future__ import annotations

from tests.smart.attest.conftest import Demo, Visit


def changed(visit: Visit) -> str:
    return visit.text.split('id="changes"')[1].split("</section>")[0]


def test_the_first_view_has_nothing_to_compare_with_and_the_next_launch_has(demo: Demo) -> None:
    first = demo.visit("dirty-chart")
    assert "<li>" not in changed(first)
    form = {"method": "points", "earlier": "outside", "later": "outside"}
    assert first.done("attest", code="hrct-increase-percent", value="30", **form) == "ehr"
    assert "Increase on HRCT" in changed(first)
    first.look()
    assert "Increase on HRCT" in changed(first)

    second = demo.visit("dirty-chart")
    assert "<li>" not in changed(second)
    (written, *_) = [
        each for each in demo.observations("dirty-chart", "hrct-increase-percent") if each["status"] == "final"
    ]
    assert second.done("correct", statement=f"Observation/{written['id']}") == "withdrawn"
    assert "Increase on HRCT" in changed(second)
    assert "<li>" not in changed(demo.visit("dirty-chart"))


def test_the_note_is_no_view(demo: Demo) -> None:
    visit = demo.visit("suh-a1")
    note = visit.browser.get(f"{visit.path}note")
    assert note.status_code == 200
    assert "<li>" not in changed(demo.visit("suh-a1"))
