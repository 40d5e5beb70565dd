"""Flags, work-up, options, transplant panel, basis, note: what each shows and what it must not hide."""

from __future__ import annotations

import re

import pytest

from rpild_rules.findings import MET as YES
from rpild_rules.knowledge import load_knowledge
from rpild_rules.rows import Option
from smart_app.basis import find_basis
from smart_app.note_text import note_text
from smart_app.options import GROUPS
from tests.smart.page.pages import MET, NEGATIVE, ONSET, POSITIVE, TREATED, demo_page, page, words
from tests.smart.page.test_criteria_and_gaps import detail

ELSEWHERE = {"transplant", "ecmo"}  # options that have a panel of their own


def test_flags_stand_alone_each_with_its_cohort() -> None:
    flags = detail(*MET, "ferritin 1680 @-1d", "ldh 300 @-1d").flags
    by_id = {row.id: row for row in flags.rows}
    assert [row.id for row in flags.met] == ["ferritin828", "ferritin1000", "ferritin1500"]
    assert "n = 20" in by_id["ferritin828"].cohort
    assert by_id["ferritin828"].words == "ferritin 1680, 2026-11-23 10:00, 24 h ago"
    assert by_id["ldh400"].status is not YES
    assert by_id["crp13"].lacks[0].reason == "not in the record"
    assert not flags.other_cohort
    assert detail(NEGATIVE, "condition dermatomyositis @-100D", ONSET).flags.other_cohort


def test_the_gradient_is_told_with_its_parts() -> None:
    flags = detail(*MET, "pao2 69 @-1h", "fio2 0.21 @-1h", "paco2 34 @-1h").flags
    gradient = next(row for row in flags.rows if row.id == "aado2of32")
    assert gradient.words.startswith("A-aDO2 ")
    assert {source.label for source in gradient.sources} == {"PaO2", "FiO2", "PaCO2"}


def test_the_count_of_three_names_its_parts() -> None:
    flags = detail(*MET, "ferritin 1680 @-1d").flags
    assert flags.kurasawa == "Kurasawa 2018 (n = 15): 1 of 3 conditions found"
    assert [part.name for part in flags.parts][1].startswith("ground glass")


def test_work_up_by_state_with_dates() -> None:
    items = {item.id: item for item in detail(
        *MET, "ferritin 1680 @-1d", "ct ct1 @-2d", "order bloods @-1d items=ldh", "pao2 69 @-1h", "fio2 0.21 @-1h",
        "unread E-MICRO not-permitted", "done bal @-2d",
    ).workup}  # fmt: skip
    assert (items["ferritin"].state, items["ferritin"].when) == ("done", "2026-11-23 10:00, 24 h ago")
    assert items["hrct"].when.endswith("2 days ago")
    assert items["arterial-gas"].when.endswith("1 h ago")
    assert (items["ldh"].state, items["ldh"].when) == ("ordered", "ordered 2026-11-23 10:00")
    assert items["blood-culture"].state == "unread"
    assert items["crp"].state == "missing"


def test_every_option_of_the_tables_has_its_place() -> None:
    assert {id for ids in GROUPS.values() for id in ids} | ELSEWHERE == set(load_knowledge().tables.of(Option))


def test_an_option_shows_size_kind_harm_and_what_speaks_against_it() -> None:
    options = detail(*MET).options
    rtx = next(choice for group in options.groups for choice in group.choices if choice.id == "rtx")
    assert rtx.harms
    assert rtx.against
    assert rtx.conflict
    assert all(study.kind for study in rtx.studies)
    basis = find_basis(load_knowledge())
    full = next(each for each in basis.options if each.id == "rtx")
    assert (full.conflict, full.studies) == (True, rtx.studies)
    assert full.place
    assert full.basis
    assert full.traps[0].startswith('"100 mg" is not per m2')
    assert set(rtx.studies) <= set(basis.studies)
    assert {study.headline for study in basis.studies if study.kind == "literature review"} == {""}


def test_groups_are_open_where_the_stage_asks_for_them() -> None:
    first = {group.id: group.opened for group in detail(*MET).options.groups}
    assert first == {"first": True, "alternative": True, "further": False, "refractory": False}
    worse = detail(*MET, *TREATED, "attest treatment-response worsening @-1d").options
    assert next(group.opened for group in worse.groups if group.id == "refractory")


def test_what_bears_on_the_options_here_is_said() -> None:
    pregnant = detail(*MET, "condition pregnancy @-30D", "allergy sulfonamide-allergy @-900D").options
    assert any("Pregnancy" in line for line in pregnant.here)
    assert any("Allergies on record: sulfonamide-allergy" in line for line in pregnant.here)
    cyc = next(choice for group in pregnant.groups for choice in group.choices if choice.id == "cyc")
    assert cyc.here == ("pregnancy documented: can harm the fetus",)
    fever = detail(*MET, "body-temp 38.9 @-5h", "unread E-ALL fetch-failed").options
    assert any("Signs of infection: " in line for line in fever.here)
    assert "Allergies could not be read." in fever.here
    reviewed = detail(*MET, "body-temp 38.9 @-5h", "attest infection-reviewed true @-1h").options
    assert any("reviewed by a clinician" in line for line in reviewed.here)
    leak = detail(*MET, "condition pneumothorax @-3D").options
    plex = next(choice for group in leak.groups for choice in group.choices if choice.id == "plex")
    assert plex.here
    assert plex.here[0].startswith("Air leak on record")


def test_drugs_that_run_are_marked_also_those_not_for_induction() -> None:
    options = detail(*MET, *TREATED, "drug methotrexate @-8d").options
    cni = next(choice for group in options.groups for choice in group.choices if choice.id == "cni")
    assert cni.running.startswith("running since 2026-11-16")
    assert options.caution_running == "methotrexate"
    old = detail(*MET, "drug prednisolone @-189d mg=60", "drug prednisolone @-200d mg=60").options
    assert old.groups[0].choices[0].running.startswith("running since before")


def test_a_ventilator_is_told_with_its_begin_and_what_nobody_can_know_of_it() -> None:
    running = detail(*MET, "support invasive-ventilation @-2d", "pao2 70 @-1h", "fio2 1.0 @-1h").transplant
    assert running.severity[0] == (
        "On a ventilator since 2026-11-22, 2 days ago. Published as a relative contraindication to ECMO (EOLIA based): "
        "ventilation for more than 7 to 10 days"
    )
    assert running.unknown[0].startswith("whether ventilation is at its best")
    assert "since when on a ventilator" not in running.unknown
    undated = detail(*MET, "support invasive-ventilation -").transplant
    assert "since when on a ventilator" in undated.unknown
    assert not any("ventilat" in line for line in detail(*MET).transplant.unknown)


def test_transplant_shows_for_against_and_unknown_and_decides_nothing() -> None:
    panel = detail(*MET, "condition cirrhosis @-900D").transplant
    assert panel.found_for[0] == "an established episode of RP-ILD"
    assert any("cirrhosis" in line for line in panel.found_against)
    assert set(load_knowledge().texts.unknown_to_tool) < set(panel.unknown)
    assert panel.ecmo[0].id == "EV-20"
    assert "0 of 7 survived to decannulation" in panel.ecmo[0].outcomes
    assert panel.state.startswith("No referral")
    sent = detail(*MET, "order referral-transplant @-1d").transplant
    assert sent.state.startswith("Transplant referral: sent")


def test_limits_of_care_leave_the_panel_out() -> None:
    panel = detail(*MET, "limit partial @-3d").transplant
    assert "Limits of care are recorded" in panel.limited
    assert (panel.found_for, panel.ecmo) == ((), ())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("pao2 60 @-1h", "fio2 0.9 @-1h"), "P/F 66.7"),
        (("support ecmo @-2h",), "ECMO is running."),
        (("support hfnc @-2h",), "without an arterial gas"),
        ((), "No gas of the last day meets the severe limits"),
    ],
)
def test_severity_now(lines: tuple[str, ...], said: str) -> None:
    assert any(said in line for line in detail(*MET, *lines).transplant.severity)


def test_worse_under_treatment_speaks_for_referral() -> None:
    judged = detail(*MET, *TREATED, "attest treatment-response worsening @-1d").transplant
    assert any(line.startswith("worse under combination therapy") for line in judged.found_for)


def test_the_basis_names_cards_sources_attributes_and_knowledge() -> None:
    why = page(*MET).why
    assert [card.topic for card in why.cards] == ["combinationTherapy"]
    assert {each.id for each in why.cards[0].cited} >= {"EV-1", "EV-2"}
    assert all(each.link.startswith("https://") for each in why.cards[0].cited if each.link)
    ((family, title),) = why.families
    basis = find_basis(load_knowledge())
    assert title == "RP-ILD pathway"
    assert {id: len(answers) for id, _, answers in basis.families}[family] == 13
    assert {each.id for each in why.cards[0].cited} <= {each.id for each in basis.sources}
    assert (why.version, len(why.sha256)) == (load_knowledge().version, 64)
    assert why.proposed + why.published == len(load_knowledge().parameters)


def test_the_note_is_plain_wrapped_and_without_a_name() -> None:
    text = note_text(page(*MET, "ferritin 1680 @-1d", "order bloods @-1d items=ldh"))
    assert max(map(len, text.splitlines())) <= 88
    assert "Test Person" not in text
    assert "MRN-1" not in text
    for part in ("Definitions of RP-ILD", "Conditions met", "Unknown", "Risk flags met", "Work-up missing", "Ordered"):
        assert f"\n{part}\n- " in text
    assert "Fall of FVC: FVC 3.00" in text.replace("\n  ", " ")
    assert re.search(r"Knowledge \S+ \([0-9a-f]{12}\)\.", text.replace("\n", " "))


def test_the_note_says_what_was_not_read_and_what_was_met_before() -> None:
    lost = {"not_permitted": ("lung function",), "failed": ("microbiology",)}
    text = note_text(page(POSITIVE, "condition dyspnea @-33D", "fvc 3.00 @-30d", "fvc 2.60 @-3d", patient=lost))
    assert "- lung function (not permitted)" in text
    assert "- microbiology (could not be read)" in text
    assert "Conditions met at the earlier time" in text
    assert "Not read" in note_text(demo_page("dirty-chart"))


def test_the_note_of_a_patient_out_of_scope_is_short() -> None:
    assert "That is no all-clear" in note_text(demo_page("improving")).replace("\n ", "")
    text = note_text(demo_page("rheumatoid-knee"))
    assert "No sign of myositis or rapid lung disease." in text
    assert "That is no all-clear" in text.replace("\n", " ")
    assert "Definitions" not in text
    assert "no all-clear" in words(demo_page("rheumatoid-knee"))


def test_limits_name_no_source_by_its_id_and_stand_on_the_folded_line() -> None:
    choices = [choice for group in detail(*MET).options.groups for choice in group.choices]
    lines = [line for choice in choices for line in (*choice.against, *choice.harms)]
    assert not [line for line in lines if re.search(r"\b(EV|ALG|LIT|AIP|CASE|DE)-", line)]
    assert "no effect in acute disease (Li 2016)" in lines
    assert "Limits: no effect in acute disease (Li 2016)" in words(page(*MET))


def test_infection_reviewed_without_results_is_one_line() -> None:
    here = detail(*MET, "attest infection-reviewed true @-1h").options.here
    (line,) = (each for each in here if "nfection" in each)
    assert line.startswith("Infection reviewed by a clinician on 2026-11-24")
    assert line.endswith("; the record itself lacks: microbiology, temperature.")
