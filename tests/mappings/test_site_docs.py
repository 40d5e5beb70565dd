"""The page on fitting a site: its example loads, and every name that it gives is one."""

from __future__ import annotations

import re
from pathlib import Path

from fhir_mappings.code_tables import CONCEPTS
from fhir_mappings.site_mapping import load_site_mapping
from tests.mappings.test_site_mapping import saved, value_set

PAGE = (Path(__file__).parents[2] / "docs" / "fitting-a-site.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_loads(tmp_path: Path) -> None:
    example = PAGE.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "site.toml").write_text(example, encoding="utf-8")
    saved(tmp_path, value_set({"system": "urn:x", "concept": [{"code": "F"}]}), "ferritin.json")
    kinds = [row.kind for row in load_site_mapping(tmp_path / "site.toml").rows]
    assert sorted(kinds) == ["code", "code", "code", "text", "text", "unit", "unit"]


def test_the_names_of_the_page_are_concepts() -> None:
    table = PAGE.partition("| what | names |")[2].partition("\n\n")[0]
    names = re.findall("`([^`]+)`", table)
    assert len(names) > 60
    assert set(names) <= CONCEPTS
