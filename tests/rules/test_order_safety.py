"""Which drafts this plug-in speaks about (decisions section 11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpild_rules.order_safety import being_signed, in_scope, refractory_only
from tests.rules.charts import chart

ORDERS = [
    "gas-panel-arterial", "order-abg", "pao2", "paco2", "ph-arterial", "pf-ratio", "aa-gradient", "pft-order", "fvc",
    "fvc-pct-pred", "fev1", "fev1-pct-pred", "fev1-fvc", "dlco", "dlco-hb-adj", "kco", "tlc", "ct-chest", "cxr",
    "order-cxr", "oxygen-therapy", "oxygen-device", "hfnc", "niv", "order-niv", "invasive-ventilation", "intubation",
    "ecmo", "bronchoscopy", "bronchoscopy-cpt", "bal", "plasma-exchange", "polymyxin-hemoperfusion",
    "referral-pulmonology", "referral-rheumatology", "referral-transplant", "icu-admission", "anti-mda5-qual",
    "anti-mda5-quant", "anti-jo1", "anti-ro52", "myositis-panel", "order-myositis-antibody",
]  # fmt: skip
DRUGS = [
    "prednisone", "tacrolimus", "cyclophosphamide", "rituximab", "mycophenolic-acid", "ruxolitinib", "ivig",
    "tocilizumab", "methotrexate", "leflunomide", "azathioprine", "golimumab", "nintedanib", "abatacept", "tmp-smx",
    "atovaquone", "dapsone", "pentamidine", "antibiotic", "antiviral", "antifungal", "cni-interacting-drug",
]  # fmt: skip


@pytest.mark.parametrize("concept", ORDERS)
def test_orders_in_scope(concept: str) -> None:
    assert in_scope(chart(f"draft order {concept} @now"))
    assert not in_scope(chart(f"draft order {concept} @now refused=yes"))
    assert not in_scope(chart(f"order {concept} @now"))


@pytest.mark.parametrize("drug", DRUGS)
def test_drugs_in_scope(drug: str) -> None:
    assert in_scope(chart(f"draft drug {drug} @now"))
    assert not in_scope(chart(f"draft drug {drug} @now refused=yes"))


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "revoked", "stopped", "completed", "ended"])
def test_a_closed_draft_is_none(status: str) -> None:
    facts = chart("draft order cxr @now", "draft drug tacrolimus @now")
    orders = tuple(replace(each, status=status) for each in facts.drafted_orders)
    drugs = tuple(replace(each, status=status) for each in facts.drafted_treatments)
    assert in_scope(replace(facts, drafted_orders=orders))
    assert in_scope(replace(facts, drafted_treatments=drugs))
    assert not in_scope(replace(facts, drafted_orders=orders, drafted_treatments=drugs))


def test_any_test_of_the_catalogue_is_in_scope() -> None:
    assert in_scope(chart("draft order anything @now items=creatinine"))


@pytest.mark.parametrize(
    "line", ["order order-knee @now", "order room-air @now", "drug atorvastatin @now", "drug unresolved @now"]
)
def test_anything_else_is_not(line: str) -> None:
    assert not in_scope(chart(f"draft {line}"))


def test_the_classes_being_signed_are_told_whether_drug_or_procedure() -> None:
    facts = chart(
        "draft drug tocilizumab @now", "draft drug tacrolimus @now route=nonsystemic",
        "draft order polymyxin-hemoperfusion @now", "draft order cxr @now",
    )  # fmt: skip
    assert being_signed(facts) == {"TCZ", "PMX"}
    assert refractory_only(facts) == ["tocilizumab", "polymyxin-hemoperfusion"]
