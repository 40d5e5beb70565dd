"""Every chart that the rules are tested with gives a whole page, on which every unknown answer says what it lacks."""

from __future__ import annotations

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rpild_rules.assess import assess
from smart_app.note_text import note_text
from smart_app.rendering import render_page
from tests.conftest import ROOT
from tests.rules.charts import NOW, chart
from tests.smart.page.pages import of
from tests.smart.pictures.looking import KNOWLEDGE, Seen

PARSED = 8  # every eighth page is parsed too; all are composed and rendered


@pytest.mark.parametrize("file", sorted((ROOT / "tests/cases").glob("*.toml")), ids=lambda file: file.stem)
def test_every_case_has_a_page(file: Path) -> None:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    for number, case in enumerate(content["case"]):
        lines = content.get("common", []) if case.get("common", True) else []
        options = {key: case[key] for key in ("age", "sex") if key in case}
        options |= {"zone": ZoneInfo(case["zone"])} if "zone" in case else {}
        facts = chart(*lines, *case["chart"], **options)
        shown = of(assess(facts, KNOWLEDGE, NOW), facts)
        text = render_page(shown)
        one = Seen(text if number % PARSED == 0 else "")
        assert text.endswith("</html>"), case["name"]
        assert one.open == [], case["name"]
        assert len(one.having("id")) == len(set(one.having("id"))), case["name"]
        assert note_text(shown), case["name"]
        for row in shown.detail.criteria if shown.detail else ():
            assert row.composite or (row.status.value == "unknown") == bool(row.lacks), f"{case['name']}: {row.id}"
