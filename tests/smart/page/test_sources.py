"""What a finding rests on: value as sent and as compared, date, age, status, and entries that nobody knows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from rpild_rules.facts import Measurement
from rpild_rules.knowledge import load_knowledge
from smart_app.sources import Record, converted, people
from tests.rules.charts import chart, when
from tests.smart.page.pages import POSITIVE, situation

GAS = Measurement("pao2", "c", when("-1h"), Decimal("68.255642"), "mm[Hg]", "9.1 kPa", "final", "Observation/1")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "68.3 mmHg"),
        ({"printed": "68 mm[Hg]"}, ""),
        ({"comparator": "<"}, "<68.3 mmHg"),
        ({"value": None}, ""),
        ({"value": Decimal("0.46"), "unit": "10*9/L", "printed": "0.46 10*3/uL"}, "0.46 ×10⁹/L"),
        ({"value": Decimal("0.496"), "unit": "10*9/L", "printed": "496 /uL"}, "0.50 ×10⁹/L"),
        ({"concept": "fio2", "value": Decimal("0.21"), "unit": "1", "printed": "21 %"}, ""),
        ({"unit": "", "printed": "7"}, ""),
    ],
)
def test_a_conversion_is_shown_where_the_unit_was_another(changes: dict[str, object], shown: str) -> None:
    assert converted(replace(GAS, **changes)) == shown  # type: ignore[arg-type]


def test_units_are_written_for_people() -> None:
    assert people("PaO2 69 mm[Hg], 0.4 10*9/L, 38 Cel, 0.5 x10^9/L") == "PaO2 69 mmHg, 0.4 ×10⁹/L, 38 °C, 0.5 ×10⁹/L"


def test_every_kind_of_entry_has_its_words() -> None:
    lines = (
        POSITIVE, "condition dyspnea @-18D", "fvc 2.60 @-1d status=amended variant=pre", "fio2 0.4 @-1d estimated=yes",
        "stay IMP @-3d reason=dyspnea", "support hfnc @-2d", "ct ct1 @-20d", "report r1 @-2d",
        "attest ct-worsening true @-1h", "attest hrct-increase-percent 25 @-1h", "attest respiratory-onset -18D @-1h",
        "attest bilateral-infiltrates - @-1h", "drug tacrolimus @-8d mg=4", "order order-myositis-antibody @-1d",
    )  # fmt: skip
    s = situation(*lines)
    facts = s.facts
    record = Record(facts, s.knowledge, s.now)
    every = [*record.measured, *record.others]
    rows = {row.label: row for row in record.rows(every)}
    assert rows["FVC"].note == "status amended; before bronchodilator"
    assert "estimated" in rows["FiO2"].note
    assert rows["hospital stay"].printed == "dyspnea"
    assert rows["high-flow oxygen"].when.age == "2 days ago"
    assert rows["chest CT, study"].printed == ""
    assert rows["chest CT, report"].reference == "DiagnosticReport/r1"
    assert rows["attested: new or worse infiltrates"].printed == "yes"
    assert rows["attested: increase between two CTs"].printed == "25 %"
    assert rows["attested: first respiratory symptom"].printed == "2026-11-06"
    assert rows["attested: bilateral infiltrates"].printed == "no value"
    assert {"anti-MDA5", "diagnosis", "treatment", "order"} <= rows.keys()


def test_of_a_result_with_parts_those_asked_for_are_shown() -> None:
    knowledge, facts = load_knowledge(), chart("pao2 69 @-1d", "paco2 34 @-1d")
    one, other = facts.measurements
    facts = replace(facts, measurements=(one, replace(other, reference=one.reference)))
    s = situation(POSITIVE)
    record = Record(facts, knowledge, s.now)
    assert [row.label for row in record.rows((one.reference,), frozenset({"paco2"}))] == ["PaCO2"]
    assert len(record.rows((one.reference,), frozenset({"ferritin"}))) == 2
    assert len(record.rows((one.reference, one.reference))) == 2


def test_an_entry_that_is_not_in_the_chart_is_shown_by_its_reference() -> None:
    s = situation(POSITIVE)
    row = Record(s.facts, s.knowledge, s.now).rows(("Device/9",))[0]
    assert (row.label, row.reference, row.when.printed) == ("Device", "Device/9", "undated")
