"""The fixed texts around the pictures, read once from picture_texts.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType

from smart_app.page_texts import PageTexts

FILE = Path(__file__).with_name("picture_texts.toml")


@cache
def picture_texts() -> PageTexts:
    """The shipped texts by `section.key`."""
    sections = tomllib.loads(FILE.read_text(encoding="utf-8")).items()
    texts = {f"{section}.{key}": text for section, table in sections for key, text in table.items()}
    return PageTexts(MappingProxyType(texts), MappingProxyType({}))


def say(key: str, **values: object) -> str:
    """One text with its blanks filled; PageTextError names a missing one."""
    return picture_texts().say(key, **values)
