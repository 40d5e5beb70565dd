"""The fixed texts of the page, read once from page_texts.toml: labels, sentences with blanks, and short lists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("page_texts.toml")
BLANK = re.compile(r"\{([a-z0-9_]+)\}")


class PageTextError(KeyError):
    """A text that the page asks for and the file does not hold, or a blank that nobody filled."""


@dataclass(frozen=True, slots=True)
class PageTexts:
    """Texts by `section.key`; lists by `section.key` too."""

    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def say(self, key: str, **values: object) -> str:
        """One text with its blanks filled, each once; raises PageTextError naming the key."""
        if key not in self.texts:
            raise PageTextError(f"{FILE.name} has no text {key}: add it there")
        unfilled = set(BLANK.findall(self.texts[key])) - values.keys()
        if unfilled:
            raise PageTextError(f"{FILE.name} {key}: no value for {', '.join(sorted(unfilled))}")
        return BLANK.sub(lambda blank: str(values[blank[1]]), self.texts[key])

    def label(self, section: str, key: str) -> str:
        """A label, or the key itself where none is written, so that nothing of a chart is lost."""
        return self.texts.get(f"{section}.{key}", key)

    def lines(self, key: str) -> tuple[str, ...]:
        """A list of texts; raises PageTextError naming the key."""
        if key not in self.lists:
            raise PageTextError(f"{FILE.name} has no list {key}: add it there")
        return self.lists[key]


@lru_cache(maxsize=1)
def page_texts() -> PageTexts:
    """The shipped texts."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    flat = {f"{section}.{key}": value for section, table in content.items() for key, value in table.items()}
    texts = {key: value for key, value in flat.items() if isinstance(value, str)}
    lists = {key: tuple(value) for key, value in flat.items() if isinstance(value, list)}
    return PageTexts(MappingProxyType(texts), MappingProxyType(lists))
