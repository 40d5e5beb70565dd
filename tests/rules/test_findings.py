"""Three-valued logic and how composites report what they rest on (decisions K1, rulings 10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpild_rules.findings import (
    MET,
    NOT_MET,
    PRECEDENCE,
    UNKNOWN,
    Finding,
    Missing,
    Reason,
    all_of,
    any_of,
    conjunction,
    disjunction,
    foremost,
    negated,
    status_of,
    unknown,
)

statuses = st.sampled_from([MET, NOT_MET, UNKNOWN])
RANK = {NOT_MET: 0, UNKNOWN: 1, MET: 2}


@given(st.lists(statuses, min_size=1))
def test_or_is_the_greatest_and_and_the_least(seen: list) -> None:
    assert any_of(seen) is max(seen, key=RANK.__getitem__)
    assert all_of(seen) is min(seen, key=RANK.__getitem__)


@given(st.lists(statuses))
def test_de_morgan(seen: list) -> None:
    assert negated(any_of(seen)) is all_of(negated(each) for each in seen)
    assert negated(all_of(seen)) is any_of(negated(each) for each in seen)


def test_the_empty_or_and_the_empty_and() -> None:
    assert any_of([]) is NOT_MET
    assert all_of([]) is MET


def test_not_keeps_unknown() -> None:
    assert [negated(each) for each in (MET, NOT_MET, UNKNOWN)] == [NOT_MET, MET, UNKNOWN]
    assert (status_of(True), status_of(False)) == (MET, NOT_MET)


def test_precedence_is_that_of_the_rulings() -> None:
    wanted = (
        "conflict unit comparator attestation-expired not-comparable no-baseline imprecise-date stale unstructured "
        "not-permitted fetch-failed no-data rule-failed"
    )
    assert [each.value for each in PRECEDENCE] == wanted.split()
    assert foremost([Reason.NO_DATA, Reason.STALE, Reason.UNIT]) is Reason.UNIT


LEGS = {
    MET: Finding("a", MET, "seen", ("Observation/1",), ("limit",)),
    NOT_MET: Finding("b", NOT_MET, "not so", ("Observation/2",)),
    UNKNOWN: unknown("c", Reason.STALE, "too old", ("Observation/3",)),
}


@pytest.mark.parametrize("build", [disjunction, conjunction])
@given(seen=st.lists(statuses, min_size=1))
def test_a_composite_rests_on_the_legs_that_decide(build, seen: list) -> None:
    legs = tuple(LEGS[each] for each in seen)
    found = build("id", legs)
    decisive = LEGS[found.status]
    assert found.status is (any_of if build is disjunction else all_of)(seen)
    assert (found.id, found.because, found.evidence) == ("id", decisive.because, decisive.evidence)
    assert found.missing == ((Missing(Reason.STALE, "too old"),) if found.unknown else ())
    assert found.met == (found.status is MET)


def test_a_composite_repeats_each_reason_once() -> None:
    other = unknown("d", Reason.UNIT, "no unit")
    found = disjunction("id", (LEGS[UNKNOWN], other, LEGS[UNKNOWN], LEGS[NOT_MET]))
    assert [each.reason for each in found.missing] == [Reason.STALE, Reason.UNIT]
    assert found.reasons == {Reason.STALE, Reason.UNIT}
    assert found.because == "too old; no unit"
