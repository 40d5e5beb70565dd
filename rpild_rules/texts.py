"""The fixed texts of the cards, read from card_texts.toml: summaries, lines, labels and the evidence of each topic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from rpild_rules.strict_toml import ParameterError, Place, choice_at, read_file, table_at, text_at, texts_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rpild_rules.parameter import Parameter

FILE = Path(__file__).parent / "card_texts.toml"
INDICATORS = ("info", "warning", "critical")
SECTIONS = (
    "lead", "common", "foot", "override", "definition", "criterion", "remedy", "flag", "flag_limit", "flag_name",
    "flag_source", "context", "stage", "gate", "reason", "drug_class", "input", "support", "cause", "antibody", "item",
    "unit", "age", "accepted", "limit", "definition_short", "item_short", "reads", "element", "act",
    "code_name", "asked",
)  # fmt: skip
LISTS = ("causes", "unknown_to_tool")
REQUIRED = ("title", "indicator", "summary", "override_reasons", "evidence")
TABLES = ("variants", "lines")
BLANK = re.compile(r"\{([^{}]*)\}")
BLANK_NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
UNSIGNED: Mapping[str, Parameter] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Topic:
    """One card topic: `title` is its display, `indicator` the contract's, `evidence` keys of references.toml.

    `variants` are further summaries in their order of precedence; `lines` are the fixed sentences of its detail.
    """

    code: str
    title: str
    indicator: str
    summary: str
    override_reasons: tuple[str, ...]
    evidence: tuple[str, ...]
    variants: Mapping[str, str]
    lines: Mapping[str, str]

    def summary_for(self, applying: Iterable[str] = ()) -> str:
        """The summary of the first listed variant that applies, else the plain one."""
        wanted = set(applying)
        return next((text for variant, text in self.variants.items() if variant in wanted), self.summary)


@dataclass(frozen=True, slots=True)
class Texts:
    """All fixed texts. `sections` hold lead lines, foot lines and labels by key; ParameterError tells a missing one."""

    topics: Mapping[str, Topic]
    sections: Mapping[str, Mapping[str, str]]
    causes: tuple[str, ...]
    unknown_to_tool: tuple[str, ...]

    def topic(self, code: str) -> Topic:
        """One card topic by its contract code."""
        return self.topics[code] if code in self.topics else _absent(f"topic.{code}")

    def line(self, code: str, key: str, **values: str) -> str:
        """One fixed sentence of a topic's detail with its blanks filled."""
        return _filled(f"topic.{code}.lines.{key}", self.topic(code).lines.get(key), values)

    def say(self, section: str, key: str, **values: str) -> str:
        """One sentence or label of a section with its blanks filled."""
        return _filled(f"{section}.{key}", self.sections.get(section, {}).get(key), values)

    def label(self, section: str, key: str) -> str:
        """A label, or the key itself where none is written, so that nothing of a chart is lost."""
        return self.sections.get(section, {}).get(key, key)


def load_texts(parameters: Mapping[str, Parameter] = UNSIGNED, file: Path = FILE) -> Texts:
    """The texts of a file; blanks named like a parameter are filled with its value in force."""
    place = Place(file.name, "file")
    content = table_at(place, read_file(file), ("summary_limit", *LISTS, *SECTIONS, "topic"))
    topics, limit = content["topic"], content["summary_limit"]
    if not isinstance(topics, dict) or not isinstance(limit, int):
        place.refuse("topic or summary_limit is of the wrong kind", "Write [topic.<code>] tables and a whole number.")
    read = {code: _topic(Place(file.name, f"topic.{code}"), raw, limit, parameters) for code, raw in topics.items()}
    sections = {name: _texts(Place(file.name, name), content[name], parameters) for name in SECTIONS}
    causes, unknown_to_tool = (texts_at(place, content, name) for name in LISTS)
    return Texts(MappingProxyType(read), MappingProxyType(sections), causes, unknown_to_tool)


def _topic(place: Place, raw: object, limit: int, parameters: Mapping[str, Parameter]) -> Topic:
    table = table_at(place, raw, REQUIRED, TABLES)
    variants, lines = (_texts(place.at(key), table.get(key, {}), parameters) for key in TABLES)
    for summary in (text_at(place, table, "summary"), *variants.values()):
        if len(summary) > limit or BLANK.search(summary):
            place.refuse(f"summary {summary!r} is too long or has a blank", f"Fixed text, at most {limit} characters.")
    return Topic(
        code=place.key.removeprefix("topic."), title=text_at(place, table, "title"),
        indicator=choice_at(place, table, "indicator", INDICATORS), summary=text_at(place, table, "summary"),
        override_reasons=texts_at(place, table, "override_reasons"), evidence=texts_at(place, table, "evidence"),
        variants=variants, lines=lines,
    )  # fmt: skip


def _texts(place: Place, raw: object, parameters: Mapping[str, Parameter]) -> Mapping[str, str]:
    table = raw if isinstance(raw, dict) else place.refuse("is not a table", "Write it as a table of texts.")
    return MappingProxyType({key: _text(place.at(key), table, key, parameters) for key in table})


def _text(place: Place, table: Mapping[str, object], key: str, parameters: Mapping[str, Parameter]) -> str:
    text = text_at(place, table, key)
    for name in BLANK.findall(text):
        if not BLANK_NAME.fullmatch(name):
            place.refuse(f"blank {{{name}}} is not a name", "Write blanks as {name}.")
    return BLANK.sub(lambda blank: parameters[blank[1]].printed if blank[1] in parameters else blank[0], text)


def _filled(key: str, text: str | None, values: Mapping[str, str]) -> str:
    """Blanks are replaced once, so that braces within a value stay as they are."""
    if text is None:
        return _absent(key)
    for name in BLANK.findall(text):
        if name not in values:
            raise ParameterError(FILE.name, key, f"blank {{{name}}} was not filled", "Give the rule's value for it.")
    return BLANK.sub(lambda blank: values[blank[1]], text)


def _absent(key: str) -> NoReturn:
    raise ParameterError(FILE.name, key, "no such text", "Add it to rpild_rules/card_texts.toml.")
