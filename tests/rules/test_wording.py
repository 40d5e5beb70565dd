"""No text that a card, a page or a table can show says what the tool must never claim (decisions section 15)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rpild_rules.knowledge import load_knowledge
from tests.rules.test_texts import FORBIDDEN, said

ROOT = Path(__file__).resolve().parents[2]
RULES, PAGE = ROOT / "rpild_rules", ROOT / "smart_app"
# Of published results a table may say what a card may not: deaths, doses. Never a command, a promise, an exclusion.
OF_TABLES = re.compile(
    r"\b(must|is excluded|excludes|ruled out|risk score|oxygenation index|immediately|will die|will survive|"
    r"not a candidate|is a candidate|should be given|administer)\b",
    re.IGNORECASE,
)
TABLES = [*sorted((RULES / "tables").glob("*.toml")), RULES / "references.toml"]
TEXTS = sorted(PAGE.glob("*_texts.toml"))
ALLOWED = {
    "OI in mmHg is P/F, not the oxygenation index of the ECMO literature.": "an error of the sources, named as one",
}
NO_TEXT = {"indicator", "override_reasons", "evidence", "summary_limit"}


def leaves(value: Any) -> Iterator[str]:
    """Every text of a TOML file, whatever its key."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(inner)


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_no_table_commands_promises_or_excludes(path: Path) -> None:
    found = list(leaves(read(path)))
    assert len(found) > 15
    assert [text for text in found if OF_TABLES.search(text) and text not in ALLOWED] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_text_of_the_page_claims_too_much(path: Path) -> None:
    found = list(leaves(read(path)))
    assert len(found) > 20
    assert [text for text in found if FORBIDDEN.search(text) and text not in ALLOWED] == []


def test_the_watch_covers_every_text_of_the_cards() -> None:
    """What `said` leaves out is no text: codes, reference ids, one number."""
    content = read(RULES / "card_texts.toml")
    for topic in content["topic"].values():
        for key in NO_TEXT & topic.keys():
            del topic[key]
    written = [re.sub(r"\{\w+\}", "{}", text) for text in leaves(content)]
    known = load_knowledge()
    shown = {re.sub(r"\{\w+\}", "{}", text) for text in said(known.texts)}
    filled = [text for text in written if "{}" not in text]
    assert len(filled) > 300
    assert [text for text in filled if text not in shown] == []
    assert len(list(said(known.texts))) >= len(written)


def test_the_tables_and_texts_are_found() -> None:
    assert len(TABLES) > 10
    assert len(TEXTS) >= 2


def test_every_exception_is_still_needed() -> None:
    everything = {text for path in (*TABLES, *TEXTS) for text in leaves(read(path))}
    assert set(ALLOWED) <= everything


def test_the_watch_on_tables_can_fail() -> None:
    for text in ("Infection is excluded", "must be given", "The patient will survive", "ruled out by CT"):
        assert OF_TABLES.search(text), text
