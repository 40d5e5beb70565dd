"""The code tables: check digits, sources, one element for each code, convertible units, patterns and negative
lists.
"""

from __future__ import annotations

import pytest

from fhir_mappings.attestations import TABLE as ATTESTATIONS
from fhir_mappings.code_tables import (
    EXCLUDES,
    ROWS,
    SYSTEM_NAMES,
    CodeTableError,
    codes_of,
    concepts_of,
    dotted,
    membership,
    rows_in,
)
from fhir_mappings.datatypes import Coding, Concept
from fhir_mappings.observations import OBSERVED, QUALITATIVE
from fhir_mappings.orders import ITEMS
from fhir_mappings.queries import ELEMENTS
from fhir_mappings.units import SCALES, TABLE, _scale
from fhir_mappings.words import CLASS_WORDS, NAMES
from tests.mappings.charts import ATC, ICD, LOINC, RXNORM, SNOMED

LOINC_ROWS = [row for row in ROWS if row.system == "LOINC"]
SNOMED_ROWS = [row for row in ROWS if row.system == "SNOMED"]
MULTIPLY = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
PERMUTE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def mod_10(digits: str) -> int:
    """The LOINC check digit of the digits before the dash."""
    odd = str(2 * int(digits[::-1][::2][::-1]))
    total = sum(map(int, digits[::-1][1::2] + odd))
    return -total % 10


def verhoeff_holds(digits: str) -> bool:
    """Whether the last digit of a SNOMED CT id fits the others."""
    check, table = 0, [tuple(range(10))]
    for _ in range(7):
        table.append(tuple(PERMUTE[each] for each in table[-1]))
    for place, digit in enumerate(reversed(digits)):
        check = MULTIPLY[check][table[place % 8][int(digit)]]
    return check == 0


def test_loinc_check_digits() -> None:
    wrong = [row.code for row in LOINC_ROWS if mod_10(row.code.split("-")[0]) != int(row.code.split("-")[1])]
    assert len(LOINC_ROWS) > 300
    assert wrong == []


def test_snomed_check_digits() -> None:
    assert len(SNOMED_ROWS) > 250
    assert [row.code for row in SNOMED_ROWS if not verhoeff_holds(row.code)] == []


def test_the_checks_can_fail() -> None:
    assert mod_10("2276") == 4
    assert mod_10("2267") != 4
    assert verhoeff_holds("396230008")
    assert not verhoeff_holds("396230009")


def test_every_row_says_where_it_was_seen() -> None:
    assert [row for row in ROWS if not row.verified_in.strip() or "UNVERIFIED" in row.verified_in] == []


def test_no_code_sits_in_two_measurement_elements() -> None:
    of_element = {concept: element for element, table in ELEMENTS.items() for concept in table["concepts"]}
    assert len(of_element) == sum(len(table["concepts"]) for table in ELEMENTS.values())
    seen: dict[str, set[str]] = {}
    for row in LOINC_ROWS:
        if row.file in ("observations", "antibodies"):
            seen.setdefault(row.code, set()).add(row.concept)
    assert {code: concepts for code, concepts in seen.items() if len(concepts) > 1} == {}


def test_every_concept_of_an_element_has_a_code_and_is_read() -> None:
    for element, table in ELEMENTS.items():
        for concept in table["concepts"]:
            assert codes_of(concept, "LOINC"), (element, concept)
            assert (
                concept in SCALES or concept in QUALITATIVE or concept in {"o2-delivery-mechanism", "pregnancy-status"}
            )


def test_every_unit_converts_to_something_plausible() -> None:
    for name, scale in SCALES.items():
        for spelling, factors in scale.factors.items():
            for factor in factors:
                middle = (scale.low + scale.high) / 2
                sent = middle * factor.denominator / factor.numerator + factor.subtract
                assert scale.canonical(sent, spelling) is not None, (name, spelling)


def test_spellings_belong_to_a_unit_that_is_used() -> None:
    used = {unit for group in ("concept", "attested") for table in TABLE[group].values() for unit in table["factors"]}
    assert set(TABLE["spellings"]) - used == set()


def test_a_backward_range_is_refused() -> None:
    with pytest.raises(CodeTableError, match=r"units\.toml \[concept\.x\]"):
        _scale("x", {"unit": "L", "range": ["2", "1"], "factors": {"L": ["1"]}}, {})


@pytest.mark.parametrize(
    "row", [["LOINC", "2276-4", "Ferritin"], ["LOINC", "2276-4", "Ferritin", ""], ["Nowhere", "1", "x", "y"]]
)
def test_a_row_that_is_none_is_refused(row: list[str]) -> None:
    with pytest.raises(CodeTableError, match=r"codes/observations\.toml \[ferritin\]"):
        list(rows_in("observations", {"ferritin": {"codes": [row]}}))


@pytest.mark.parametrize(
    ("system", "value", "expected"),
    [
        (ICD, "J84.114", {"ild", "aip"}),
        (ICD, "J84114", {"ild", "aip"}),
        (ICD, "I26.99", {"vte"}),
        (ICD, "C34.1", {"malignancy", "malignancy-high-risk"}),
        (ICD, "C4A.0", {"malignancy", "malignancy-high-risk"}),
        (ICD, "C44.01", set()),
        (ICD, "Z99", set()),
        (ICD, "D89.89", {"myositis-nos"}),
        ("urn:oid:2.16.840.1.113883.6.90", "M33.11", {"dermatomyositis"}),
        (SNOMED, "396230008", {"dermatomyositis"}),
        (SNOMED, "103735009", set()),
        (ATC, "J01CA04", {"antibiotic"}),
        (ATC, "D11AH01", {"route-nonsystemic"}),
        (RXNORM, "10831", {"tmp-smx", "antibiotic", "sulfonamide-allergy"}),
        ("urn:local", "396230008", set()),
        ("", "396230008", set()),
    ],
)
def test_membership(system: str, value: str, expected: set[str]) -> None:
    assert concepts_of(Concept(coding=[Coding(system=system, code=value)])) == expected


def test_a_negative_list_wins_over_another_coding() -> None:
    basal_cell = Concept(coding=[Coding(system=SNOMED, code="363346000"), Coding(system=ICD, code="C44.01")])
    assert concepts_of(basal_cell) == frozenset()
    assert membership(ICD, "C44.01").excluded == {"malignancy"}


def test_question_marks_stand_for_one_character() -> None:
    assert (
        "tobacco-use"
        in membership(ICD, "F17.210").concepts
        | membership(ICD, "F17.211").concepts
        | membership(ICD, "F17.200").concepts
    )


def test_negative_lists_name_concepts_that_exist() -> None:
    known = {row.concept for row in ROWS}
    assert {each for excluded in EXCLUDES.values() for each in excluded} <= known


def test_dots_are_added_where_they_are_missing() -> None:
    assert [dotted(each) for each in ("M3311", "M33.11", "J80")] == ["M33.11", "M33.11", "J80"]


def test_names_stand_for_concepts_that_exist() -> None:
    known = {row.concept for row in ROWS}
    assert set(NAMES["serology"]) - {"myositis-panel"} <= known
    assert set(NAMES["drug"]) <= known
    assert set(NAMES["specimen"]) - {"specimen-urine", "specimen-sterile"} <= known
    assert set(NAMES["allergy"]) <= known
    assert set(NAMES["culture"]) - {"culture-other"} <= known
    assert set(NAMES["pregnancy"]) <= known
    assert set(NAMES["scan"]) <= known


def test_order_items_mean_concepts_that_exist() -> None:
    known = {row.concept for row in ROWS} | {"myositis-panel"} | set(CLASS_WORDS)
    assert {meaning for table in ITEMS.values() for meaning in table["means"]} <= known


def test_systems_have_one_owner() -> None:
    identifiers = [each for known in SYSTEM_NAMES.values() for each in known]
    assert len(identifiers) == len(set(identifiers))
    assert {row.system for row in ROWS} <= set(SYSTEM_NAMES)


def test_attestations_are_those_of_the_contract() -> None:
    assert set(ATTESTATIONS) == {
        "hrct-increase-percent",
        "ct-worsening",
        "ggo-all-six-fields",
        "respiratory-onset",
        "progressive-dyspnoea",
        "infection-reviewed",
        "causes-excluded",
        "bilateral-infiltrates",
        "treatment-response",
    }


def test_loinc_codes_are_found_under_every_identifier_of_the_system() -> None:
    assert OBSERVED[LOINC, "2276-4"] == OBSERVED["urn:oid:2.16.840.1.113883.6.1", "2276-4"] == "ferritin"
