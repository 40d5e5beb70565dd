"""The tables against the clinical source list beside the project: no number was lost, invented or mistyped."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.pathway_rows import Edge
from rpild_rules.rows import AipSeries, Cohort

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("definition", "condition", "statement", "biomarker", "prognostic", "dose", "caution", "evidence", "guideline")
MORE_KINDS = ("aip", "error")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
NAMES = re.compile(
    r"\b(?:DEF|CAUSE|EPI|BM|PROG|RX|EV|LIT|DE|CASE|ALG|AIP)-\d+b?\b|\b(?:n\d+|keac\d+|key\d+|srep\d+|C[1-4])\b"
    r"|MDA5|Ro52|CADM-140|KL-6|IL-\d+|CD\d|x10\^9|mg/m2|SpO2|PaO2|PaCO2|aDO2|\b00\d:[\d, -]+",
    re.IGNORECASE,
)
WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "six": "6"}
SKIPPED = {"id", "where", "mark", "source", "errors", "lines", "beside", "concept", "parameters", "flags", "ucum"}
SAID_ELSEWHERE = ("title", "year", "n", "outcome", "caveat", "where", "doi", "pmid", "link")
# Numbers of ours that stand elsewhere in the list, by row.
ELSEWHERE = {
    "BM-3": {"10"},  # the factor between mg/L and mg/dL, DE-4
    "EV-19": {"2", "7"},  # the paragraph below the table
}
# Numbers of the list that a row of ours does not repeat.
LEFT_OUT = {
    "BM-20": {"0.001", "0.148"},  # no p is printed for it, DE-20
    "EV-15": {"0"},  # "none"
    "RX-6": {"10"},  # the same dose by day, named with its place
    "EV-23": {"7"},  # "see section 7"
    "DEF-5": {"2023"},  # in its place
    "LIT-6": {"2026", "67", "2402533"},  # in its place
}


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def source(shared: Path) -> str:
    return (shared / "clinical/knowledge.md").read_text(encoding="utf-8")


def lines(source: str) -> Mapping[str, str]:
    """The rows of the list by id, without the id; the text of the AIP section belongs to AIP and EV-23."""
    found = re.findall(r"^\| ([A-Z]+(?:-)?\d+b?) \|(.*)$", source, re.MULTILINE)
    return dict(found)


def numbers(text: str) -> set[str]:
    """The numbers of a text, small ones in words included; names such as KL-6 hold none."""
    plain = NAMES.sub(" ", text)
    return set(NUMBER.findall(plain)) | {WORDS[word] for word in re.findall(r"[a-z]+", plain.lower()) if word in WORDS}


def texts(value: Any) -> Iterator[str]:
    """Everything that a row says, its provenance left aside."""
    if isinstance(value, str | Decimal):
        yield str(value)
    elif isinstance(value, tuple):
        yield from (text for each in value for text in texts(each))
    elif hasattr(value, "__dataclass_fields__"):
        yield from (
            text for each in fields(value) if each.name not in SKIPPED for text in texts(getattr(value, each.name))
        )


def rows() -> Iterator[tuple[str, Any]]:
    for kind in (*KINDS, *MORE_KINDS):
        yield from knowledge().tables.kinds[kind].items()


def told_elsewhere(id: str, row: Any) -> set[str]:
    """Numbers that stand in the reference of a row (citation, size, place) or in the cohorts of its series."""
    reference = knowledge().references.get(id)
    said = [getattr(reference, each) for each in SAID_ELSEWHERE] if reference else []
    cohorts = [knowledge().tables.row(Cohort, each.cohort) for each in getattr(row, "series", ())]
    return numbers("; ".join((*said, *texts(tuple(cohorts)))))


def test_numbers_are_those_of_the_source_list(source: str) -> None:
    listed, compared = lines(source), 0
    for id, row in rows():
        ours, theirs = numbers("; ".join(texts(row))), numbers(listed[id])
        assert ours - theirs - ELSEWHERE.get(id, set()) == set(), f"{id}: not in the list"
        lost = theirs - ours - told_elsewhere(id, row) - LEFT_OUT.get(id, set())
        assert lost == set(), f"{id}: lost from the list"
        compared += len(ours)
    assert compared > 700


def test_the_comparison_can_fail() -> None:
    assert numbers("555.7 (208.2-1186), p <0.001, KL-6, 002:274, 276, MDA5") == {"555.7", "208.2", "1186", "0.001"}
    assert numbers("three of three; DE-4") == {"3"}


def test_aip_series_are_those_of_the_source_list(source: str) -> None:
    told = source.split("AIP series (EV-23)")[1].split("\n\n")[0]
    by_text, by_table = told.split("Mortality by table:")
    printed = re.findall(r"([A-Z][\w-]+(?: \d{4})?)(?: \(n ?= ?\d+\))? (\d+)(?:,| %)", by_table)
    ours: list[tuple[str, str]] = []
    for row in knowledge().tables.of(AipSeries).values():
        name = row.series.split(",")[0]
        author = name if (name, str(row.mortality)) in printed else name.split()[0]
        ours += [(author, str(row.mortality))] if row.mortality is not None else []
        assert row.n is None or re.search(rf"{name} \(?n ?= ?{row.n}\b", told), row.series
        assert numbers(row.outcome) <= numbers(told), row.series
        assert not row.outcome or name in by_text
    assert sorted(ours) == sorted(printed)


def test_edges_are_those_of_the_source_list(source: str) -> None:
    edges = {(edge.start, edge.end) for edge in knowledge().tables.of(Edge).values() if edge.kind == "then"}
    wanted: set[tuple[str, str]] = set()
    for graph in ("ALG-1", "ALG-2"):
        table = source.split(f"**{graph}**")[1].split("\n\n")[0]
        for node, ways in re.findall(r"^\| (\w+) \|[^|]*\| -> ([^|;]*)", table, re.MULTILINE):
            wanted |= {(f"{graph}.{node}", f"{graph}.{way}") for way in re.findall(r"N\d|S\d|AIP", ways)}
    assert edges == wanted


def test_cases_are_those_of_the_source_list(source: str) -> None:
    cases = tomllib.loads((ROOT / "tests/fixtures/published_cases.toml").read_text(encoding="utf-8"))
    for name, text in re.findall(r"^\| ([KTA]\d) \|(.*)$", source.split("## 9.")[1].split("## 10.")[0], re.MULTILINE):
        case = {key: value for key, value in cases[f"CASE-{name}"].items() if key not in {"sex", "events"}}
        said = numbers(" ".join(str(value) for value in case.values() if not isinstance(value, bool)))
        assert numbers(text) == said, name
