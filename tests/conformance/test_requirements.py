"""The table of requirements: every SHALL has a test or an explanation; the tests named are those that are marked."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.requirements import LEVELS, Requirement, marked, read_table, verdict

ROWS = read_table()


def test_every_shall_is_proven_or_explained() -> None:
    assert [each.id for each in ROWS if each.level == "SHALL" and not each.names and not each.explanation] == []


def test_the_table_names_the_tests_that_carry_the_mark() -> None:
    assert {each.id: list(each.names) for each in ROWS if each.names} == dict(marked()), (
        "enter them: python -m tests.conformance.requirements --write"
    )


def test_rows_are_whole() -> None:
    assert len({each.id for each in ROWS}) == len(ROWS)
    assert {each.level for each in ROWS} <= set(LEVELS)
    assert all(each.text.endswith(".") for each in ROWS)
    assert not [each.id for each in ROWS if each.names and each.explanation]


def test_a_failing_or_absent_proof_is_told() -> None:
    row = Requirement("X", "SHALL", "t.", "a.py::one a.py::two", "")
    assert verdict(row, {"a.py::one": {"passed"}, "a.py::two": {"passed"}}) == "proven"
    assert verdict(row, {"a.py::one": {"passed"}, "a.py::two": {"passed", "failed"}}) == "failing"
    assert verdict(row, {"a.py::one": {"passed"}}) == "not run"
    assert verdict(Requirement("X", "SHALL", "t.", "", ""), {}) == "missing"
    assert verdict(Requirement("X", "SHALL", "t.", "", "why"), {}) == "explained"


def test_the_numbers_of_the_lists_are_all_there(shared: Path) -> None:
    assert (shared / "conformance/cds-hooks.md").is_file()
    for prefix, last in (("CH-", 62), ("A-", 25), ("H", 20), ("F", 7), ("S", 9)):
        found = {each.id.removeprefix(prefix).split(".")[0] for each in ROWS if each.id.startswith(prefix)}
        assert found == {str(number) for number in range(1, last + 1)}
