"""`rpild knowledge`: what it prints in its three forms, and the document that is generated from it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.tables import KINDS
from rpild_server.cli import main
from rpild_server.knowledge_command import knowledge_text
from rpild_server.knowledge_parts import BUILDERS, WORDS, build_part
from rpild_server.terminal import Screen

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/knowledge/clinical-knowledge.md"
SITE = """
[override.ferritin_flag]
value = "700"
author = "A. Author"
reason = "local assay | trial"
date = 2026-11-20
"""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["knowledge", *arguments], catch_exceptions=False)


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == knowledge_text((), None, "markdown", Screen()), "run: make knowledge"


def test_the_document_names_version_and_hash(knowledge: Knowledge) -> None:
    head = DOCUMENT.read_text(encoding="utf-8").split("\n## ")[0]
    assert f"version {knowledge.version}, sha256 {knowledge.sha256}" in head


def test_markdown_tables_are_well_formed() -> None:
    for section in knowledge_text((), None, "markdown", Screen()).split("\n## ")[1:]:
        rows = [line for line in section.splitlines() if line.startswith("|")]
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(widths) == 1, section.splitlines()[0]
        assert len(rows) > 2, "a part without rows"


def test_every_part_has_words_and_columns(knowledge: Knowledge) -> None:
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    assert list(words) == list(BUILDERS), "in one order"
    for name in BUILDERS:
        part = build_part(name, knowledge)
        assert {len(row) for row in part.rows} == {len(part.columns)}, name


def test_every_row_reaches_the_document(knowledge: Knowledge) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    numbered = {"edge", "transition"}
    unnamed = {"antibody", "arm", "cohort", "option", "aip_series", "disagreement", "attribute", "family"}
    ids = [id for kind, table in knowledge.tables.kinds.items() if kind not in numbered | unnamed for id in table]
    assert len(ids) > 150
    assert [id for id in ids if f"| {id} |" not in text] == []
    assert [name for name in knowledge.parameters if f"| {name} |" not in text] == []
    assert [id for id in knowledge.references if f"| {id} |" not in text] == []
    assert [code for code in knowledge.texts.topics if f"| {code} |" not in text] == []


def test_terminal_prints_chosen_parts_within_the_width() -> None:
    result = run("doses", "errors")
    assert result.exit_code == 0
    assert "sha256" in result.stdout
    assert "RX-5" in result.stdout
    assert "conflict: sources differ" in result.stdout
    assert "DE-20" in result.stdout
    assert "EV-1\n" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_terminal_prints_everything_without_a_part() -> None:
    lines = run().stdout.splitlines()
    titles = {part["title"] for part in tomllib.loads(WORDS.read_text(encoding="utf-8")).values()}
    assert titles - set(lines) == set()


def test_a_plain_terminal_gets_plain_letters() -> None:
    text = knowledge_text((), None, "", Screen(unicode=False))
    assert text.isascii()


def test_json_holds_every_table_exactly(knowledge: Knowledge) -> None:
    held = json.loads(run("--json").stdout)
    assert (held["version"], held["sha256"], held["overrides"]) == (knowledge.version, knowledge.sha256, [])
    assert set(held["tables"]) == set(KINDS)
    assert {kind: len(table) for kind, table in held["tables"].items()} == {
        kind: len(table) for kind, table in knowledge.tables.kinds.items()
    }
    assert held["tables"]["biomarker"]["BM-4"]["series"][0]["without_rpild"] == ["50.00"]
    assert held["parameters"]["ecmo_ph"]["value"] == "7.25"
    assert held["parameters"]["ecmo_ph"]["reviewed"] == "2026-11-22"
    assert set(held["parameters"]) == set(knowledge.parameters)
    assert set(held["references"]) == set(knowledge.references)
    assert [number for number in numbers(held) if isinstance(number, float)] == []


def numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, dict):
        yield from (each for inner in value.values() for each in numbers(inner))
    elif isinstance(value, list):
        yield from (each for inner in value for each in numbers(inner))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


@pytest.mark.parametrize("form", [(), ("--markdown",), ("--json",)])
def test_a_site_value_is_told_with_its_author(tmp_path: Path, form: tuple[str, ...]) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    result = run("--site", str(site), *form)
    assert result.exit_code == 0
    for told in ("700", "828", "A. Author"):
        assert told in result.stdout, told


def test_a_site_file_that_cannot_be_used_ends_with_status_2(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("ferritin_flag", "ferritin_flg"), encoding="utf-8")
    result = run("--site", str(site))
    assert result.exit_code == 2
    assert "ferritin_flg: no such parameter" in result.stderr


def test_an_unknown_part_ends_with_status_2() -> None:
    result = run("dosage")
    assert result.exit_code == 2
    assert "'dosage' is not one of" in result.stderr
