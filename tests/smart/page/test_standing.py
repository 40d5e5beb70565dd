"""The sentence on where a patient stands: antibody, definition, onset and stage, in the combinations that occur."""

from __future__ import annotations

import pytest

from rpild_rules.findings import Status
from tests.smart.page.pages import FALL, MET, NEGATIVE, ONSET, POSITIVE, TREATED, demo_page, page, words

PANEL = "order order-myositis-antibody @-1d"
MYOSITIS = "condition dermatomyositis @-100D"
NEW_ILD = "condition ild @-20D"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (MET, "Anti-MDA5 positive. RP-ILD criteria are met today by the four-condition definition; respiratory onset "
              "2026-11-06, 18 days ago. Stage of the pathway: First line, treatment to be decided."),
        ((POSITIVE,), "Whether RP-ILD criteria are met cannot be determined; respiratory onset not known."),
        ((POSITIVE, "condition dyspnea @-40D"), "RP-ILD criteria are not met up to 2026-11-24 10:00; "),
        ((MYOSITIS,), "Anti-MDA5 not measured."),
        ((MYOSITIS, "unread E-MSA not-permitted"), "Anti-MDA5 could not be read."),
        ((MYOSITIS, PANEL), "Anti-MDA5 ordered, result pending."),
        ((MYOSITIS, NEGATIVE), "Anti-MDA5 negative, another myositis antibody or connective-tissue disease."),
        ((NEW_ILD, NEGATIVE, ONSET), "Anti-MDA5 negative, no connective-tissue disease found."),
        ((MYOSITIS, "test anti-mda5-qual indeterminate @-14d"), "Anti-MDA5 weak or contradicted."),
        (("test anti-mda5-qual positive @-14d", "test anti-jo1 positive @-14d"), "to be confirmed by a second method."),
        ((POSITIVE, "condition dyspnea @-60D", "attest ct-worsening true @-1h period=-80D..-2D",
          "condition dyspnea @-20D recorded=-20D"), "Stage of the pathway: Surveillance."),
        ((POSITIVE, "condition dyspnea @-33D", "fvc 3.00 @-30d", "fvc 2.60 @-3d"), "RP-ILD criteria were met on 2026-"),
        ((POSITIVE, "drug prednisolone @-50d mg=60", "drug tacrolimus @-50d mg=4", "condition dyspnea @-60D",
          "attest treatment-response worsening @-1d"), "The episode of RP-ILD is established under treatment"),
    ],
)  # fmt: skip
def test_the_sentence(lines: tuple[str, ...], sentence: str) -> None:
    assert sentence in page(*lines).standing.sentence


def test_how_loud_it_is_follows_the_first_card() -> None:
    assert page(*MET).standing.level == "critical"
    assert page(POSITIVE, ONSET).standing.level == "warning"
    quiet = demo_page("improving").standing
    assert (quiet.level, quiet.level_word) == ("quiet", "No card due")
    assert "no all-clear" in words(demo_page("improving"))


def test_shapes_never_stand_without_a_word() -> None:
    for fact in page(*MET).standing.facts:
        assert fact.value
    drawn = {fact.label: fact.status for fact in page(*MET).standing.facts if fact.status}
    assert set(drawn) == {"RP-ILD today", "Anti-MDA5"}


def test_facts_at_a_glance() -> None:
    facts = {
        fact.label: fact for fact in page(*MET, "pao2 55 @-1h", "fio2 0.5 @-1h", "support hfnc @-5h").standing.facts
    }
    assert facts["Arterial PaO2"].value == "55"
    assert "P/F 110.0 mmHg" in facts["Arterial PaO2"].more
    assert "respiratory failure by arterial gas" in facts["Arterial PaO2"].more
    assert facts["Breathing support"].value == "high-flow oxygen"
    assert facts["Treatment running"].value == "none found"
    assert "within one month" in facts["Respiratory onset"].more


def test_no_treatment_is_claimed_only_of_a_list_that_was_read() -> None:
    def treatment(*lines: str) -> str:
        return next(fact.value for fact in page(*lines).standing.facts if fact.label == "Treatment running")

    assert treatment(*MET, "unread E-MED fetch-failed") == "could not be read in full"
    assert treatment(*MET, "drug unresolved @-2d name=Mystery") == "could not be read in full"
    assert treatment(*MET, *TREATED) == "glucocorticoid, calcineurin inhibitor"


def test_treatment_tells_its_beginnings() -> None:
    def more(*lines: str) -> str:
        return next(fact.more for fact in page(*lines).standing.facts if fact.label == "Treatment running")

    assert more(*MET, *TREATED) == "since 2026-11-16, 8 days ago"
    assert more(*MET, "drug prednisolone @-8d mg=60", "drug tacrolimus @-6d mg=4").count("since") == 2
    assert "since before" in more(*MET, "drug prednisolone @-189d mg=60", "drug prednisolone @-200d mg=60")


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("condition pneumonia @-3D", "Also documented: pneumonia"),
        ("limit partial @-3d", "Limits of care on record: partial."),
        ("limit resuscitation @-3d", "Limits of care on record: resuscitation."),
        ("condition dyspnea @-160D clinical=resolved abated=-150D", ""),
    ],
)
def test_what_qualifies_the_sentence_is_said(line: str, note: str) -> None:
    assert any(each.startswith(note) for each in page(*MET, line).standing.notes)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("body-temp 38.9 @-5h",), "Signs of infection: "),
        (("body-temp 38.9 @-5h", "attest infection-reviewed true @-1h"), "reviewed by a clinician on 2026-11-24"),
        (("body-temp 38.9 @-5h", "order blood-culture @-4h items=blood-culture"), "Fever, cultures pending."),
        ((), "Infection not assessed: "),
        (("attest infection-reviewed true @-1h",), "Infection reviewed by a clinician on 2026-11-24"),
    ],
)
def test_infection_is_told_in_the_words_of_the_cards(lines: tuple[str, ...], words: str) -> None:
    assert any(words in note for note in page(*MET, *lines).standing.notes)
    assert page(POSITIVE).standing.notes[0].startswith("Pregnancy possible: "), "no episode: nothing to begin yet"


def test_the_weightiest_note_stands_first() -> None:
    notes = page(*MET, "limit partial @-3d", "support hfnc @-2d", "condition pneumonia @-3D").standing.notes
    begins = (
        "Limits of care",
        "On high-flow oxygen, no arterial gas",
        "Also documented",
        "Signs of inf",
        "Pregnancy possible",
    )
    assert [note[:10] for note in notes] == [each[:10] for each in begins]


VENTILATED = (*MET, "stay IMP @-3d reason=dyspnea", "support invasive-ventilation @-2d", "fio2 1.0 @-15m")


@pytest.mark.parametrize(
    ("lines", "lead", "acts"),
    [
        ((*VENTILATED, "pao2 74 @-15m"), "Invasive ventilation since 2026-11-22, 2 days ago, P/F 74.0 mmHg (15 min "
         "ago): evaluate for ECMO and lung transplant, involve both teams in parallel.", True),
        ((*VENTILATED, "pao2 120 @-15m"), "Invasive ventilation since 2026-11-22, 2 days ago, P/F 120.0 mmHg (15 min "
         "ago): involve ECMO and transplant teams early, in parallel with treatment.", True),
        ((*VENTILATED, "pao2 90 @-15m", "paco2 66 @-15m", "ph-arterial 7.18 @-15m"), "pH 7.18", True),
        ((*MET, "fio2 0.8 @-15m", "pao2 50 @-15m"), "P/F 62.5 mmHg (15 min ago): evaluate for ECMO", True),
        ((*VENTILATED, "support ecmo @-1d"), "ECMO since 2026-11-23", False),
        ((*VENTILATED, "pao2 74 @-15m", "limit partial @-3d"), "P/F 74.0 mmHg (15 min ago).", False),
        (MET, "", False),
    ],
)  # fmt: skip
def test_in_need_of_rescue_the_state_and_the_act_stand_first(lines: tuple[str, ...], lead: str, acts: bool) -> None:
    standing = page(*lines).standing
    assert lead in standing.lead
    assert bool(standing.lead) is bool(lead)
    assert standing.acts is acts
    assert "RP-ILD criteria are met today" in standing.sentence


def test_an_older_onset_and_an_outdated_attestation_are_told() -> None:
    newer = page(POSITIVE, "attest respiratory-onset -60D @-30d", "condition dyspnea @-10D", *FALL).standing.notes
    assert any("An older respiratory record begins" in note for note in newer)
    assert any("please record the onset again" in note for note in newer)


def test_a_gas_that_is_too_old_is_told_with_its_age() -> None:
    facts = {fact.label: fact for fact in page(*MET, "stay IMP @-3d reason=dyspnea", "pao2 57 @-30h").standing.facts}
    gas = facts["Arterial PaO2"]
    assert gas.value == "not known"
    assert "57" in gas.more
    assert "too old" in gas.more


def test_of_contradicting_gases_none_is_printed_as_the_value() -> None:
    gas = {fact.label: fact for fact in demo_page("conflicting-gases").standing.facts}["Arterial PaO2"]
    assert gas.value == "results contradict: 88 mmHg / 57 mmHg"
    assert gas.status is Status.UNKNOWN
    assert gas.more.startswith("in this order: room air, 2026-")
    assert gas.more.endswith("respiratory failure cannot be determined")


def test_contradicting_gases_in_need_of_rescue_give_no_ratio_of_one_of_them() -> None:
    lines = (*MET, "fio2 0.8 @-40m", "pao2 38 @-40m", "fio2 0.8 @-15m", "pao2 50 @-15m")
    standing = page(*lines).standing
    gas = {fact.label: fact for fact in standing.facts}["Arterial PaO2"]
    assert gas.value == "results contradict: 38 / 50"
    assert "P/F 62.5 mmHg (15 min ago)" not in standing.lead


def test_where_therapy_fails_that_is_said_first() -> None:
    standing = demo_page("kurasawa-k1").standing
    assert standing.lead == "Worsening on combination therapy: review refractory options and transplant/ECMO planning."
    assert standing.acts
