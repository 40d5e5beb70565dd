"""The definitions as plain formulas agree with the definitions as findings, for every mixture of answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpild_rules.definition import CONDITIONS, any_condition, definitions, formula
from rpild_rules.findings import MET, NOT_MET, UNKNOWN, Finding, Missing, Reason, Status, disjunction

ANSWERS = st.sampled_from([MET, NOT_MET, UNKNOWN])
LEAVES = (
    "onsetWithinOneMonth", "onsetFirstSymptom", "dyspnoeaShown", "dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline",
    "hrctIncrease", "respiratoryFailure", "pao2Decline", "ctWorsening", "ctWorsening92",
)  # fmt: skip


def finding(id: str, status: Status) -> Finding:
    return Finding(id, status, id, missing=(Missing(Reason.NO_DATA, id),) if status is UNKNOWN else ())


@given(st.fixed_dictionaries(dict.fromkeys(LEAVES, ANSWERS)))
def test_formula_and_findings_agree(answers: dict[str, Status]) -> None:
    if answers["hrctIncrease"] is MET:
        answers["ctWorsening"] = MET  # as attested.ct_worsening() has it
    found = {id: finding(id, status) for id, status in answers.items()}
    found["lungFunctionDecline"] = disjunction("lungFunctionDecline", (found["fvcDecline"], found["dlcoDecline"]))
    found["gasExchange"] = disjunction("gasExchange", (found["respiratoryFailure"], found["pao2Decline"]))
    judged = definitions(found, found["onsetFirstSymptom"], found["ctWorsening"], found["ctWorsening92"])
    assert {f.id: f.status for f in judged} == formula({id: f.status for id, f in found.items()})
    assert any_condition(found) is disjunction("", tuple(found[id] for id in CONDITIONS)).status


# Each definition as AND over ORs of criteria (decisions section 5); every criterion alone is to move it.
FORMULAS = {
    "fourConditions": (
        ("onsetWithinOneMonth",),
        ("dyspnoeaNeedingCare", "fvcDecline", "dlcoDecline", "hrctIncrease", "respiratoryFailure", "pao2Decline"),
    ),
    "oneMonthTriad": (("onsetFirstSymptom",), ("ctWorsening",), ("dyspnoeaShown",), ("respiratoryFailure",)),
    "threeMonthProgression": (("dyspnoeaShown",), ("ctWorsening92",)),
}
ALONE = [(name, leg) for name, parts in FORMULAS.items() for part in parts for leg in part]


@pytest.mark.parametrize(("name", "leg"), ALONE)
@pytest.mark.parametrize("answer", list(Status))
def test_each_criterion_alone_moves_its_definition(name: str, leg: str, answer: Status) -> None:
    """All other parts met, the alternatives of its own part not met: the definition is what the criterion is."""
    own = next(part for part in FORMULAS[name] if leg in part)
    statuses = dict.fromkeys(LEAVES, MET) | dict.fromkeys(own, NOT_MET) | {leg: answer}
    statuses |= {} if leg == "hrctIncrease" else {"hrctIncrease": NOT_MET}
    assert formula(statuses)[name] is answer


def test_a_settled_increase_settles_the_worsening() -> None:
    open_all = dict.fromkeys(LEAVES, UNKNOWN) | {
        "onsetFirstSymptom": MET,
        "dyspnoeaShown": MET,
        "respiratoryFailure": MET,
    }
    assert formula(open_all | {"hrctIncrease": MET})["oneMonthTriad"] is MET
    assert formula(open_all | {"hrctIncrease": NOT_MET})["oneMonthTriad"] is UNKNOWN


def test_nothing_judged_is_unknown() -> None:
    assert any_condition({}) is UNKNOWN
