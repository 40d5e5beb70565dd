"""The words of statements and feedback on the page, read once from attest_texts.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType

from fhir_mappings.attestations import TABLE
from rpild_rules.knowledge import Knowledge
from smart_app.page_texts import BLANK, PageTexts

FILE = Path(__file__).with_name("attest_texts.toml")


@cache
def attest_texts() -> PageTexts:
    """The shipped texts by `section.key`; the section of a statement is its code."""
    sections = tomllib.loads(FILE.read_text(encoding="utf-8")).items()
    texts = {f"{section}.{key}": text for section, table in sections for key, text in table.items()}
    return PageTexts(MappingProxyType(texts), MappingProxyType({}))


def say(key: str, **values: object) -> str:
    """One text with its blanks filled; PageTextError names a missing one."""
    return attest_texts().say(key, **values)


@cache
def codes() -> tuple[str, ...]:
    """The statements in the order of the page."""
    sections = dict.fromkeys(key.partition(".")[0] for key in attest_texts().texts)
    return tuple(section for section in sections if section in TABLE)


def how_long(code: str, knowledge: Knowledge) -> str:
    """How long a statement counts, in words, by the parameters in force."""
    key = f"{code}.valid"
    blanks = BLANK.findall(attest_texts().texts[key])
    return say(key, **{name: knowledge.parameter(name).printed for name in blanks})
