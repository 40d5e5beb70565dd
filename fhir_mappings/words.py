"""Words in code texts and displays that stand for a concept, where no code decides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from fhir_mappings.code_tables import NOTHING, TABLES, read_table
from fhir_mappings.datatypes import Concept

NAMES: dict[str, dict[str, list[str]]] = read_table("names")
GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta"}
DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
# Capitals of other alphabets that no eye tells from Latin ones, as far as they are no Greek letter of a name.
LOOKALIKES = dict(zip("ΕΖΗΙΚΜΝΟΡΤΧАВЕКМНОРСТХ", "EZHIKMNOPTXABEKMHOPCTX", strict=True))
TYPOGRAPHY = str.maketrans(DASHES | LOOKALIKES)
PART = re.compile(r"[a-z]+|\d+|[^a-z\d]+")
LONGEST = 500
JOINT = r"[\s\-_/.,]*"


def plain(text: str) -> str:
    """Lower case, compatibility characters folded, Greek letters spelled out, dashes and letters that look alike made
    one, invisible characters left out.
    """
    if text.isascii():
        return text.casefold()
    folded = unicodedata.normalize("NFKC", text.translate(TYPOGRAPHY)).casefold()
    return "".join(GREEK.get(sign, sign) for sign in folded if unicodedata.category(sign) != "Cf")


def _body(word: str) -> str:
    parts = (part for part in PART.findall(plain(word)) if not re.fullmatch(JOINT, part))
    return JOINT.join(re.escape(part.strip()) for part in parts)


def whole_words(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, from a word start to a word end."""
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(_body(word) for word in words)})(?![a-z0-9])")


def word_starts(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words from a word start; those in capitals only as whole words (terminology, class rules)."""
    bodies = (_body(word) + (r"(?![a-z0-9])" if word.isupper() else "") for word in words)
    return re.compile(rf"(?<![a-z0-9])(?:{'|'.join(bodies)})")


ANY = {group: whole_words(word for words in table.values() for word in words) for group, table in NAMES.items()}
CLASS_WORDS = {
    concept: word_starts(table["words"])
    for content in TABLES.values()
    for concept, table in content.items()
    if table.get("words")
}


def named(group: str, text: str) -> frozenset[str]:
    """The concepts of a group of names that a text mentions (in its first part, if it is long)."""
    return _named(group, text if len(text) <= LONGEST else text[:LONGEST])


@lru_cache(maxsize=8192)
def _named(group: str, text: str) -> frozenset[str]:
    spelled = plain(text)
    if not spelled or not ANY[group].search(spelled):
        return NOTHING
    return frozenset(concept for concept in NAMES[group] if names(group, concept).search(spelled))


@cache
def names(group: str, concept: str) -> re.Pattern[str]:
    """Any name of a concept; made when a text first holds a name of its group."""
    return whole_words(NAMES[group][concept])


def class_named(text: str) -> frozenset[str]:
    """The concepts whose class words a text contains (`care-limit`, `order-myositis-antibody`, ...)."""
    return _class_named(text[:LONGEST])


@lru_cache(maxsize=4096)
def _class_named(text: str) -> frozenset[str]:
    spelled = plain(text)
    return frozenset(concept for concept, pattern in CLASS_WORDS.items() if pattern.search(spelled))


def texts_of(*concepts: Concept | None) -> Iterator[str]:
    """The texts and displays of some CodeableConcepts, empty ones left out."""
    for concept in concepts:
        if concept is not None:
            yield from filter(None, (concept.text, *(coding.display for coding in concept.coding)))


def named_in(group: str, *concepts: Concept | None) -> frozenset[str]:
    """The concepts of a group of names that any text of some CodeableConcepts mentions."""
    return frozenset(found for text in texts_of(*concepts) for found in named(group, text))


def shown(concept: Concept | None) -> str:
    """What people read: the text, else a display, else a code."""
    if concept is None:
        return ""
    candidates = (concept.text, *(each.display for each in concept.coding), *(each.code for each in concept.coding))
    return next(filter(None, candidates), "")
