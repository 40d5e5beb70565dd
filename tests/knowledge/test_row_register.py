"""Every row of the clinical source list has an owner and a proof, and the committed list is the list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.knowledge.row_register import PAGE, Registered, faults, page, registered

IDS = re.compile(r"(?:DEF|CAUSE|HX|EPI|SKIN|PATH|BM|PROG|RX|AVOID|REFR|AIP|EV|LIT|DE)-\d+b?|C[1-4]")
RANGE = re.compile(r"([A-Z]+-)(\d+)\.\.(\d+)")
CASES = re.compile(r"\*\*(CASE-[A-Z])(\d+)\.\.[A-Z](\d+)\*\*|\*\*(CASE-[A-Z])\*\*([^*]*)")
GRAPH_ROW = re.compile(r"^\| (N\d|S\d|AIP|side rule) \|", re.MULTILINE)


def listed(text: str) -> Iterator[str]:
    """The ids of the rows of knowledge.md."""
    for cell in re.findall(r"^\| ([A-Z][^|]*?) \|", text, re.MULTILINE):
        if expanded := RANGE.fullmatch(cell):
            yield from (f"{expanded[1]}{n}" for n in range(int(expanded[2]), int(expanded[3]) + 1))
        elif IDS.fullmatch(cell):
            yield cell
    for graph in ("ALG-1", "ALG-2"):
        nodes = GRAPH_ROW.findall(text.split(f"**{graph}**")[1].split("\n\n")[0])
        yield from (f"{graph}.{'AVOID-1' if node == 'side rule' else node}" for node in nodes)
    yield from listed_cases(text.split("## 9.")[1].split("## 10.")[0])


def listed_cases(text: str) -> Iterator[str]:
    for group, first, last, alone, told in CASES.findall(text):
        if group:
            yield from (f"{group}{n}" for n in range(int(first), int(last) + 1))
        else:
            numbered = re.findall(rf"\b{alone[-1]}(\d+) \d", told)
            yield from (f"{alone}{n}" for n in numbered) if numbered else iter((alone,))


def test_every_row_has_an_owner_and_a_test() -> None:
    assert [fault for row in registered() for fault in faults(row)] == []


def test_no_row_is_registered_twice() -> None:
    assert [id for id, times in Counter(row.id for row in registered()).items() if times > 1] == []
    assert len(registered()) == 195


def test_the_register_names_the_rows_of_the_source_list(shared: Path) -> None:
    found = list(listed((shared / "clinical/knowledge.md").read_text(encoding="utf-8")))
    assert sorted(found) == sorted(row.id for row in registered())


def test_a_missing_owner_or_test_is_a_fault() -> None:
    good = registered()[0]
    owner, proof = good.owners[0], good.proofs[0]
    assert list(faults(good)) == []
    assert list(faults(Registered("X-1", (), (proof,)))) == ["X-1 has no owner or no test"]
    assert list(faults(Registered("X-1", (owner,), ()))) == ["X-1 has no owner or no test"]
    assert list(faults(Registered("X-1", (f"{owner}9",), (proof,)))) == [f"X-1: owner {owner}9 is not there"]
    assert list(faults(Registered("X-1", ("no.toml#x",), (proof,)))) == ["X-1: owner no.toml#x is not there"]
    for absent in (
        f"{proof}_x",
        "tests/no.py::test_x",
        "tests/cases/lung_function.toml: no such case",
        "tests/no.toml: x",
    ):
        assert list(faults(Registered("X-1", (owner,), (absent,)))) == [f"X-1: test {absent} is not there"]
    case = "tests/cases/lung_function.toml: FVC fell by more than a tenth"
    assert list(faults(Registered("X-1", (owner,), (case,)))) in ([], [f"X-1: test {case} is not there"])


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make knowledge"
