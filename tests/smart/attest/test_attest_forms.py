"""What a clinician enters: contract values pass, everything else is told in words beside its field."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.attestation_drafts import ComparedCt
from fhir_mappings.attestations import TABLE
from fhir_mappings.dates import read_time
from rpild_rules.facts import PatientFacts, Scan
from rpild_rules.knowledge import load_knowledge
from rpild_rules.when import When
from smart_app.attest_forms import Entered, read_entered
from smart_app.attest_texts import attest_texts, codes, how_long, say
from smart_app.ct_choices import ct_scans, label_of

NOW = When.at(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), UTC)
KEY = {"key": "k" * 16}


def scan(reference: str, when: str, **fields: Any) -> Scan:
    return Scan("ct-chest", read_time(when, UTC), reference.startswith("Diag"), True, reference, **fields)


FACTS = PatientFacts(
    scans=(
        scan("DiagnosticReport/r1", "2026-11-21", studies=frozenset({"ImagingStudy/new"})),
        scan("DiagnosticReport/r2", "2026-09-01"),
        scan("ImagingStudy/new", "2026-11-20T10:00:00Z"),
        scan("ImagingStudy/old", "2026-10-01"),
        scan("ImagingStudy/undated", ""),
        Scan("cxr", None, False, False, "ImagingStudy/film"),
    )
)


def entered(code: str, **form: str) -> Entered:
    return read_entered(code, KEY | form, FACTS, NOW)


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("infection-reviewed", "yes", True),
        ("causes-excluded", "no", False),
        ("treatment-response", "stable", "stable"),
        ("respiratory-onset", " 2026-11 ", "2026-11"),
        ("respiratory-onset", "2026-11-24", "2026-11-24"),
        ("respiratory-onset", "2026", "2026"),
    ],
)
def test_values_of_the_contract_pass(code: str, value: str, expected: object) -> None:
    assert entered(code, value=value) == Entered(expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "value", "error"),
    [
        ("infection-reviewed", "", "error.choose"),
        ("infection-reviewed", "true", "error.choose"),
        ("treatment-response", "better", "error.choose"),
        ("respiratory-onset", "", "error.date"),
        ("respiratory-onset", "yesterday", "error.date"),
        ("respiratory-onset", "2026-02-30", "error.date"),
        ("respiratory-onset", "2026-11-02T08:00:00Z", "error.date"),
        ("respiratory-onset", "2026-11-25", "error.future"),
        ("respiratory-onset", "2027", "error.future"),
    ],
)
def test_other_values_are_refused_in_words(code: str, value: str, error: str) -> None:
    assert entered(code, value=value) == Entered(errors={"value": say(error)})


PERCENT = {"method": "points", "earlier": "ImagingStudy/old", "later": "ImagingStudy/new"}
PAIR = (ComparedCt("ImagingStudy/old", "2026-10-01"), ComparedCt("ImagingStudy/new", "2026-11-20T10:00:00Z"))


@pytest.mark.parametrize(
    ("text", "number"),
    [("25", "25"), ("12.5", "12.5"), ("12,5 %", "12.5"), ("−5", "-5"), ("+5", "5"), ("-100", "-100"), ("300", "300")],
)
def test_a_percentage_is_read_as_people_write_it(text: str, number: str) -> None:
    assert entered("hrct-increase-percent", value=text, **PERCENT) == Entered(
        Decimal(number), PAIR, say("field.method_points")
    )


@pytest.mark.parametrize("text", ["", "a lot", "1e3", "1.234", ">20", "٢٥", "1 2", "NaN"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert entered("hrct-increase-percent", value=text, **PERCENT).errors == {"value": say("error.number")}


@pytest.mark.parametrize("text", ["-101", "300.1", "9999"])
def test_a_number_out_of_range_is_refused_with_the_range(text: str) -> None:
    (error,) = entered("hrct-increase-percent", value=text, **PERCENT).errors.values()
    assert error == "Write a number from -100 to 300."


def test_every_fault_is_told_at_once() -> None:
    faults = read_entered("hrct-increase-percent", {"method": "both"}, FACTS, NOW).errors
    assert set(faults) == {"value", "method", "earlier", "later", "key"}
    assert faults["earlier"] == say("error.ct")


def test_the_cts_of_a_chart_to_choose_from() -> None:
    found = [each.reference for each in ct_scans(FACTS)]
    assert found == ["ImagingStudy/new", "ImagingStudy/old", "DiagnosticReport/r2", "ImagingStudy/undated"]
    labels = [label_of(each) for each in ct_scans(FACTS)]
    assert labels[0] == "CT of 2026-11-20 10:00 (ImagingStudy/new)"
    assert labels[2] == "Report of a CT of 2026-09-01 (DiagnosticReport/r2)"
    assert "unknown date" in labels[3]


def worsening(**form: str) -> Entered:
    return entered("ct-worsening", value="yes", **form)


def test_a_ct_outside_the_chart_is_told_by_its_date() -> None:
    found = worsening(earlier="outside", earlier_date="2026-09", later="ImagingStudy/new")
    assert found == Entered(True, (ComparedCt(when="2026-09"), PAIR[1]))
    plain = entered("hrct-increase-percent", value="5", **(PERCENT | {"earlier": "outside", "later": "outside"}))
    assert plain.compared == ()


@pytest.mark.parametrize(
    ("form", "field", "error"),
    [
        ({"earlier": "outside", "later": "ImagingStudy/new"}, "earlier_date", "error.ct_date"),
        ({"earlier": "ImagingStudy/old", "later": "outside", "later_date": "x"}, "later_date", "error.date"),
        ({"earlier": "ImagingStudy/old", "later": "outside", "later_date": "2027"}, "later_date", "error.future"),
        ({"earlier": "ImagingStudy/old", "later": "ImagingStudy/of-another"}, "later", "error.unknown_ct"),
        ({"earlier": "ImagingStudy/film", "later": "ImagingStudy/new"}, "earlier", "error.unknown_ct"),
        ({"earlier": "ImagingStudy/new", "later": "ImagingStudy/new"}, "later", "error.same"),
        ({"earlier": "ImagingStudy/new", "later": "ImagingStudy/old"}, "later", "error.order"),
    ],
)
def test_two_cts_that_cannot_be_compared(form: dict[str, str], field: str, error: str) -> None:
    assert worsening(**form) == Entered(errors={field: say(error)})


def test_an_undated_ct_may_be_either() -> None:
    assert worsening(earlier="ImagingStudy/new", later="ImagingStudy/undated").compared[1] == ComparedCt(
        "ImagingStudy/undated"
    )


def test_every_statement_of_the_contract_has_its_words() -> None:
    assert set(codes()) == set(TABLE)
    knowledge = load_knowledge()
    for code in codes():
        assert all(attest_texts().texts[f"{code}.{key}"] for key in ("title", "question", "help"))
        assert "{" not in how_long(code, knowledge)
    assert how_long("infection-reviewed", knowledge) == "Counts for 72 hours."
