"""Who may state what, and where it lands: the own page's form, this browser, this patient, a clinician."""

from __future__ import annotations

import pytest
import requests

from tests.smart.attest.conftest import Demo
from tests.smart.launch.browsing import Browser

FORM = {"code": "causes-excluded", "value": "yes", "key": "k" * 20}
ACTS = {
    "attest": FORM, "keep": {"statement": "rpild-1", "what": "own"}, "correct": {"statement": "Observation/1"},
    "feedback": {"card": "1", "outcome": "accepted"},
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("csrf", ["", "x" * 43])
@pytest.mark.verifies("APP-76")
def test_a_form_without_the_pages_token_changes_nothing(demo: Demo, act: str, csrf: str) -> None:
    visit, known = demo.visit("classic"), len(demo.observations("classic", "causes-excluded"))
    answer = visit.browser.post(f"{visit.path}{act}", ACTS[act] | {"csrf": csrf})
    assert answer.status_code == 400
    assert "RPILD-FORM" in answer.text
    assert len(demo.observations("classic", "causes-excluded")) == known


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.verifies("APP-76")
def test_a_form_of_another_site_changes_nothing(demo: Demo, act: str) -> None:
    visit = demo.visit("classic")
    given = ACTS[act] | {"csrf": visit.hidden("csrf")}
    answer = visit.browser.post(f"{visit.path}{act}", given, Sec_Fetch_Site="cross-site")
    assert answer.status_code == 400
    assert demo.observations("classic", "causes-excluded") == []


@pytest.mark.parametrize("act", ACTS)
def test_a_page_of_another_browser_takes_no_form(demo: Demo, act: str) -> None:
    visit = demo.visit("classic")
    given = ACTS[act] | {"csrf": visit.hidden("csrf")}
    stranger = Browser(demo.addresses.plug_in)
    demo.visit("suh-a1", stranger)
    for browser in (stranger, Browser(demo.addresses.plug_in)):
        answer = browser.post(f"{visit.path}{act}", given)
        assert (answer.status_code, "RPILD-PAGE-GONE" in answer.text) == (404, True)
    assert demo.observations("classic", "causes-excluded") == []


@pytest.mark.parametrize("act", ACTS)
def test_forms_are_sent_not_looked_at(demo: Demo, act: str) -> None:
    visit = demo.visit("classic")
    assert visit.browser.get(f"{visit.path}{act}").status_code in (404, 405)


@pytest.mark.verifies("L9")
def test_two_patients_in_two_tabs_of_one_browser(demo: Demo) -> None:
    first = demo.visit("kurasawa-k1")
    second = demo.visit("antibody-pending", first.browser)
    assert first.done("attest", code="respiratory-onset", value="2026-10") == "ehr"
    assert second.done("attest", code="respiratory-onset", value="2026-11") == "ehr"
    for visit, value in ((first, "2026-10"), (second, "2026-11")):
        (written,) = demo.observations(visit.patient, "respiratory-onset")
        assert (written["subject"]["reference"], written["valueDateTime"]) == (f"Patient/{visit.patient}", value)
    foreign = second.send("attest", code="respiratory-onset", value="2026-09", csrf=first.hidden("csrf"))
    assert foreign.status_code == 400


def test_what_is_not_of_the_contract_is_no_statement(demo: Demo) -> None:
    visit = demo.visit("classic")
    for code in ("", "pregnancy", "attest"):
        answer = visit.send("attest", code=code, value="yes")
        assert (answer.status_code, "RPILD-FORM" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "statement", ["", "Observation/none", "Observation/..", "Patient/classic", "https://elsewhere.example/x", "../x"]
)
def test_only_a_statement_of_this_patient_is_withdrawn(demo: Demo, statement: str) -> None:
    assert demo.visit("classic").done("correct", statement=statement) == "kept"


def test_a_result_of_the_chart_is_no_statement_to_withdraw(demo: Demo) -> None:
    query = {"patient": "classic", "category": "laboratory"}
    found = requests.get(f"{demo.addresses.ehr}/open/fhir/Observation", params=query, timeout=10).json()["entry"]
    result = found[0]["resource"]["id"]
    assert demo.visit("classic").done("correct", statement=f"Observation/{result}") == "kept"
    again = requests.get(f"{demo.addresses.ehr}/open/fhir/Observation/{result}", timeout=10).json()
    assert again["status"] == "final"


def test_an_unknown_decision_and_an_unknown_word_do_nothing(demo: Demo) -> None:
    visit = demo.visit("classic")
    assert visit.done("keep", statement="rpild-none", what="own") == ""
    assert "<script>" not in visit.look("?done=<script>")
    assert 'id="attest-done"' not in visit.text


def test_a_withdrawal_that_the_ehr_refuses_is_told(demo: Demo) -> None:
    visit = demo.visit("three-months")
    assert visit.done("attest", code="infection-reviewed", value="yes") == "ehr"
    (written, *_rest) = [
        each for each in demo.observations("three-months", "infection-reviewed") if each.get("identifier")
    ]
    reference = f"Observation/{written['id']}"
    with demo.fault(forbidden="Observation"):
        assert "done=kept" in visit.send("correct", statement=reference).headers["Location"]
    visit.look("?done=kept")
    assert "the statement still counts" in visit.text
    assert visit.done("correct", statement=reference) == "withdrawn"
