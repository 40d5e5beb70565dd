"""Beyond the criteria: skin signs, limits that are shown and not computed, the conditions of AIP."""

from __future__ import annotations

from dataclasses import replace

from rpild_rules.assess import assess
from rpild_rules.facts import Person, Unreadable
from rpild_rules.findings import MET as YES
from rpild_rules.findings import NOT_MET, UNKNOWN, Reason
from rpild_rules.rows import Prognostic
from smart_app.basis import find_basis
from tests.rules.charts import NOW
from tests.smart.page.pages import MET, NEGATIVE, of, words
from tests.smart.page.test_criteria_and_gaps import detail
from tests.smart.pictures.looking import KNOWLEDGE, seen

RAPID = ("condition ild @-20D", NEGATIVE, "condition dyspnea @-18D", "stay IMP @-3d reason=dyspnea")


def test_skin_signs_are_shown_with_their_dates() -> None:
    looked = detail(*MET, "condition gottron @-40D", "condition raynaud @-400D").looked_for
    assert looked.skin_found == ("gottron, 2026-10-15, 40 days ago", "raynaud, 2025-10-20, 400 days ago")
    assert looked.unique_sign.startswith("Inverse Gottron sign: ")
    assert detail(*MET).looked_for.skin_found == ()
    assert not detail(*MET, "unread E-COND partial").looked_for.skin_read


def test_published_limits_that_are_not_used_are_shown_with_their_cohort() -> None:
    limits = find_basis(KNOWLEDGE).limits
    not_used = [row for row in KNOWLEDGE.tables.of(Prognostic).values() if row.use in ("page", "do not compute")]
    assert len(limits) == len(not_used) >= 4
    assert all(rule and cohort for rule, cohort in limits)


def test_the_conditions_of_aip_each_with_its_state() -> None:
    stands = [
        each.status for each in detail(*RAPID, "pao2 52 @-1h", "attest bilateral-infiltrates true @-1h").looked_for.aip
    ]
    assert stands == [YES, YES, UNKNOWN, UNKNOWN]
    better = detail(*RAPID, "pao2 82 @-1h", "fio2 0.21 @-1h", "attest causes-excluded true @-1h").looked_for.aip
    assert [each.status for each in better] == [NOT_MET, UNKNOWN, YES, UNKNOWN]
    assert better[3].known_from.startswith("tissue only")
    assert detail(*MET).looked_for.aip == ()


def test_entries_that_could_not_be_read_are_named() -> None:
    facts = seen(*MET)[1]
    facts = replace(facts, unreadable=(Unreadable("Observation/9", "fio2", Reason.UNIT, "40 bananas"),
        Unreadable("Observation/10", "E-GAS", Reason.UNSTRUCTURED)))  # fmt: skip
    said = words(of(assess(facts, KNOWLEDGE, NOW), facts))
    assert "FiO2 40 bananas unit or value not usable Observation/9" in said
    assert "arterial gases" in said


def test_a_patient_without_a_birth_date_has_no_age() -> None:
    facts = replace(seen(*MET)[1], person=Person(sex="female"))
    said = words(of(assess(facts, KNOWLEDGE, NOW), facts))
    assert "age not known" in said
    assert "Gate 1: adults" in said
