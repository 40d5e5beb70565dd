"""The fixed texts of the page: none claims what the tool never may, none is missing, none is spare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_app import missing, standing, workup_list
from smart_app.options import GROUPS
from smart_app.page_texts import FILE, PageTextError, PageTexts, page_texts
from tests.rules.test_texts import FORBIDDEN

ROOM = FILE.parent
# Sections whose keys come from data: codes of the chart, ids of the rules.
OF_DATA = {
    "sex", "definition_short", "criterion", "remedy", "kurasawa", "variant", "attested", "unit", "drug", "element",
    "stay", "source", "gate", "aip",
}  # fmt: skip
BUILT = re.compile(r"^(nav|level|antibody|fact\.(rp|mda5|month|failure)_|workup|options|status|changes|here|launch)")
UNSAFE = re.compile(
    r"\b(should|shall|always treat|give|stop|start|safe|cured?|rule[sd]? out|all clear)\b", re.IGNORECASE
)
HONEST = {"settles no diagnosis", "gives no dose"}


def said() -> Iterator[tuple[str, str]]:
    texts = page_texts()
    yield from texts.texts.items()
    yield from ((key, line) for key, lines in texts.lists.items() for line in lines)


def test_no_text_says_what_the_tool_must_never_claim() -> None:
    assert len(list(said())) > 300
    assert [key for key, text in said() if FORBIDDEN.search(text)] == []


def test_no_text_tells_a_clinician_what_to_do() -> None:
    telling = {key: text for key, text in said() if UNSAFE.search(text)}
    allowed = {"outside.calm", "standing.quiet", "why.limits_of_use", "flags.lead", "page.disease", "options.lead"}
    assert {key for key in telling if key not in allowed} == set(), telling


def test_the_watch_can_fail() -> None:
    for text in ("Start rituximab", "Infection is ruled out", "You should refer"):
        assert UNSAFE.search(text), text


def asked_in_python() -> Iterator[str]:
    """Keys that the modules name in full."""
    for path in sorted((*ROOM.glob("*.py"), *(ROOM.parent / "rpild_server").glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in page_texts().texts:
                yield node.value
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in page_texts().lists:
                yield node.value


def asked_in_templates() -> Iterator[str]:
    for path in sorted((ROOM / "templates").glob("*.html")):
        yield from re.findall(r"\b(?:t|lines)\(\"([a-z_]+\.[a-zA-Z_]+)\"", path.read_text(encoding="utf-8"))
        yield from re.findall(r"\bt\('([a-z_]+\.[a-zA-Z_]+)'", path.read_text(encoding="utf-8"))


def test_every_text_asked_for_in_a_template_is_there() -> None:
    known = page_texts().texts.keys() | page_texts().lists.keys()
    assert set(asked_in_templates()) - known == set()


def test_no_text_is_spare() -> None:
    used = {*asked_in_templates(), *asked_in_python()}
    spare = (page_texts().texts.keys() | page_texts().lists.keys()) - used
    assert {key for key in spare if key.split(".")[0] not in OF_DATA and not BUILT.match(key)} == set()


def test_labels_cover_what_the_rules_can_say() -> None:
    texts = page_texts().texts
    assert {f"options.{group}" for group in GROUPS} <= texts.keys()
    states = (workup_list.MISSING, workup_list.ORDERED, workup_list.DONE, workup_list.UNREAD)
    assert {f"workup.{state}" for state in states} <= texts.keys()
    assert {f"attested.{code}" for code in missing.ATTESTED.values()} <= texts.keys()
    assert {f"drug.{name}" for name in standing.DRUG_CLASSES} <= texts.keys()


def test_a_missing_text_and_an_empty_blank_are_told_by_name() -> None:
    texts = PageTexts({"a.b": "{one} and {two}"}, {})
    with pytest.raises(PageTextError, match=r"a\.c"):
        texts.say("a.c")
    with pytest.raises(PageTextError, match="two"):
        texts.say("a.b", one="x")
    with pytest.raises(PageTextError, match=r"a\.list"):
        texts.lines("a.list")
    assert texts.say("a.b", one="{two}", two="2") == "{two} and 2"
    assert texts.label("a", "unheard") == "unheard"


def test_texts_live_in_the_file_and_not_in_templates() -> None:
    """Words between tags come from the file; a template holds signs and numbers only."""
    bare = re.compile(r">([^<>{}=]*[A-Za-z]{3,}[^<>{}=]*)<")
    own = {"layout", "page", "outside", "_macros", "_banner", "_standing", "_cards", "_missing", "_changes", "_partial",
        "_basis", "basis", "_criteria", "_flags", "_workup", "_options", "_transplant", "_why", "_note",
        "_print"}  # fmt: skip
    found = {
        path.name: bare.findall(re.sub(r"\{[{%#].*?[#%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))
        for path in (Path(ROOM / "templates" / f"{name}.html") for name in sorted(own))
    }
    assert {name: bits for name, bits in found.items() if bits} == {}
