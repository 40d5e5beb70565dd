"""Stating something on the page, over HTTP against the demo EHR: written once, counted at once, never lost."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.smart.attest.conftest import WRITING, Demo, Visit

NO_HRCT = "missing-gas"


def test_a_statement_is_written_to_the_ehr_and_counts_at_once(demo: Demo) -> None:
    visit = demo.visit(NO_HRCT)
    assert "Statements are written to the EHR" in visit.text
    before = visit.criterion("onsetWithinOneMonth")
    assert visit.done("attest", code="respiratory-onset", value="2020-01") == "ehr"
    (written,) = demo.observations(NO_HRCT, "respiratory-onset")
    assert written["valueDateTime"] == "2020-01"
    assert written["status"] == "final"
    assert written["performer"][0]["reference"] == "Practitioner/dr-demo"
    assert visit.criterion("onsetWithinOneMonth") == "notMet" != before
    block = visit.block("respiratory-onset")
    assert "2020-01." in block
    assert "kept by the EHR" in block
    assert 'role="status"' in visit.text
    assert "Saved in the EHR" in visit.text

    assert visit.done("correct", statement=f"Observation/{written['id']}") == "withdrawn"
    (gone,) = demo.observations(NO_HRCT, "respiratory-onset")
    assert (gone["id"], gone["status"]) == (written["id"], "entered-in-error")
    assert visit.criterion("onsetWithinOneMonth") == before
    assert "withdrawn" in visit.block("respiratory-onset")
    assert visit.done("correct", statement=f"Observation/{written['id']}") == "kept"


def test_a_form_sent_many_times_is_one_statement(demo: Demo) -> None:
    visit = demo.visit("suh-a1")
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(visit.send, "attest", code="causes-excluded", value="no") for _ in range(8)]
        assert {each.result().status_code for each in sent} == {303}
    assert len(demo.observations("suh-a1", "causes-excluded")) == 1
    time.sleep(1.1)  # times are kept to the second
    assert visit.done("attest", code="causes-excluded", value="yes") == "ehr"
    assert len(demo.observations("suh-a1", "causes-excluded")) == 2
    assert "Yes." in visit.block("causes-excluded").split("</summary>")[0]


def test_the_cts_of_the_chart_are_offered_and_named(demo: Demo) -> None:
    visit = demo.visit("classic")
    options = [each.split('"')[0] for each in visit.block("ct-worsening").split('<option value="')[1:]]
    references = sorted({each for each in options if each.startswith(("ImagingStudy/", "DiagnosticReport/"))})
    assert "outside" in options
    form = {"code": "ct-worsening", "value": "yes", "later": "outside", "later_date": "2026-11"}
    chosen = {"earlier": references[0]} if references else {"earlier": "outside", "earlier_date": "2026-10"}
    assert visit.done("attest", **form, **chosen) == "ehr"
    (written,) = demo.observations("classic", "ct-worsening")[:1]
    assert written["effectivePeriod"]["end"] == "2026-11"
    named = [*written.get("derivedFrom", ()), *written.get("focus", ())]
    assert [each["reference"] for each in named] == references[:1]


def test_a_study_of_another_patient_is_not_taken(demo: Demo) -> None:
    visit = demo.visit("classic")
    form = {"code": "hrct-increase-percent", "value": "30", "method": "points", "later": "outside"}
    answer = visit.send("attest", earlier="ImagingStudy/of-another", **form)
    assert answer.status_code == 422
    assert demo.observations("classic", "hrct-increase-percent") == []


def test_errors_stand_beside_the_field_and_keep_what_was_entered(demo: Demo) -> None:
    visit = demo.visit("classic")
    answer = visit.send("attest", code="respiratory-onset", value='<b>soon"')
    assert answer.status_code == 422
    block = answer.text.split('id="attest-respiratory-onset"')[1].split("</details>")[0]
    assert block.startswith(" open>")
    assert 'value="&lt;b&gt;soon&#34;"' in block
    assert 'aria-describedby="respiratory-onset-value-hint respiratory-onset-value-error" aria-invalid="true"' in block
    assert "Write a year, a month or a day" in block
    assert 'role="alert"' in block


@pytest.mark.parametrize(
    ("fault", "word"), [({"forbidden": "Observation"}, "refused"), ({"error": "Observation"}, "unheard")]
)
def test_what_the_ehr_does_not_take_is_not_lost(demo: Demo, fault: dict[str, str], word: str) -> None:
    patient = "ecmo-candidate"
    visit, known = demo.visit(patient), len(demo.observations("ecmo-candidate", "bilateral-infiltrates"))
    with demo.fault(**fault):
        assert (
            visit.send("attest", code="bilateral-infiltrates", value="yes")
            .headers["Location"]
            .endswith(f"?done={word}#attest-done")
        )
    assert len(demo.observations(patient, "bilateral-infiltrates")) == known
    visit.look(f"?done={word}")
    assert "Not saved yet" in visit.text
    assert visit.done("keep", statement=visit.hidden("statement"), what="again") == "ehr"
    assert len(demo.observations(patient, "bilateral-infiltrates")) == known + 1
    assert "Not saved yet" not in visit.text


def waiting(demo: Demo, patient: str, value: str = "stable") -> Visit:
    visit = demo.visit(patient)
    with demo.fault(error="Observation"):
        assert visit.send("attest", code="treatment-response", value=value).status_code == 303
    visit.look()
    assert "Not saved yet" in visit.text
    return visit


def test_it_can_be_kept_here_and_withdrawn_here(demo: Demo) -> None:
    visit = waiting(demo, "improving", "worsening")
    assert visit.done("keep", statement=visit.hidden("statement"), what="own") == "own"
    block = visit.block("treatment-response")
    assert "worsening." in block.split("</summary>")[0]
    assert "kept by this service" in block
    reference = block.split('name="statement" value="')[1].split('"')[0]
    assert reference.startswith("Observation/rpild-")
    assert all(each["id"] not in reference for each in demo.observations("improving", "treatment-response"))
    assert visit.done("correct", statement=reference) == "withdrawn"
    assert "<s>worsening</s>" in visit.block("treatment-response")


def test_it_can_be_discarded_and_stays_on_record(demo: Demo) -> None:
    visit = waiting(demo, "no-lung-signs")
    assert visit.done("keep", statement=visit.hidden("statement"), what="discard") == "discarded"
    assert "Not saved yet" not in visit.text
    assert "<s>stable</s>" in visit.block("treatment-response")


def unheard(demo: Demo, patient: str, late: str = "3") -> Visit:
    """The EHR wrote it, but its answer came too late."""
    visit = demo.visit(patient)
    with demo.fault(slow=late):
        assert "done=unheard" in visit.send("attest", code="progressive-dyspnoea", value="yes").headers["Location"]
    visit.look()
    return visit


def test_an_answer_lost_on_the_way_is_found_again(demo: Demo) -> None:
    """Keeping it here as well would keep it twice."""
    visit = unheard(demo, "tocilizumab-t1")
    time.sleep(0.8)
    assert visit.done("keep", statement=visit.hidden("statement"), what="own") == "ehr"
    assert len(demo.observations("tocilizumab-t1", "progressive-dyspnoea")) == 1
    assert "kept by the EHR" in visit.block("progressive-dyspnoea")


@pytest.mark.parametrize("side", ["own", "ehr"])
def test_a_statement_kept_twice_is_withdrawn_in_both_places(demo: Demo, side: str) -> None:
    patient = {"own": "local-l2", "ehr": "workup-only"}[side]
    visit = unheard(demo, patient, "5")
    assert visit.done("keep", statement=visit.hidden("statement"), what="own") == "own"
    time.sleep(2.6)
    (there,) = demo.observations(patient, "progressive-dyspnoea")
    own = re.search(r"Observation/rpild-[0-9a-f]+", visit.look())
    assert own
    assert visit.done("correct", statement=own[0] if side == "own" else f"Observation/{there['id']}") == "withdrawn"
    (there,) = demo.observations(patient, "progressive-dyspnoea")
    assert there["status"] == "entered-in-error"
    assert "Nothing stated yet." in visit.block("progressive-dyspnoea")


def test_a_card_changes_after_a_statement(demo: Demo) -> None:
    visit = demo.visit("conflicting-gases")
    demo.assessment("conflicting-gases")
    assert "undeterminedHighRisk" in demo.cards
    form = {"method": "relative", "earlier": "outside", "later": "outside"}
    assert visit.done("attest", code="hrct-increase-percent", value="30", **form) == "ehr"
    found = demo.assessment("conflicting-gases")
    assert (found["criteria"]["hrctIncrease"], found["definitions"]["fourConditions"]) == ("met", "met")
    assert "undeterminedHighRisk" not in demo.cards
    assert "combinationTherapy" in demo.cards
    assert "Increase on HRCT" in visit.text.split('id="changes"')[1].split("</section>")[0]
    (written,) = demo.observations("conflicting-gases", "hrct-increase-percent")
    assert written["method"]["text"] == "growth relative to the earlier CT"


def test_without_the_right_to_write_it_is_kept_here_and_the_hook_knows(demo: Demo) -> None:
    with demo.fault(missing_scopes=WRITING):
        visit = demo.visit("local-l1")
        assert "Statements are kept by this service" in visit.text
        before = visit.criterion("onsetWithinOneMonth")
        assert visit.done("attest", code="respiratory-onset", value="2019") == "own"
        assert demo.observations("local-l1", "respiratory-onset") == []
        assert visit.criterion("onsetWithinOneMonth") == "notMet" != before
        assert demo.visit("classic").block("respiratory-onset").count("2019") == 0
        block = visit.block("respiratory-onset")
        reference = block.split('name="statement" value="')[1].split('"')[0]
        assert visit.done("correct", statement=reference) == "withdrawn"
        assert visit.criterion("onsetWithinOneMonth") == before
