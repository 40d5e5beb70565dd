"""Which drug a product is and how it is made to be used: by codes, else by whole words; what was told once is
remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fhir_mappings.code_tables import SITE, SYSTEMS, concepts_of_codings, concepts_of_file
from fhir_mappings.datatypes import Coding, Concept
from fhir_mappings.words import LONGEST, named, texts_of

INGREDIENTS = concepts_of_file("medications")
DRUG_SYSTEMS = frozenset({"RxNorm", "ATC", SITE})
Codes = tuple[tuple[str, str], ...]


def ingredients_of(concepts: Iterable[Concept | None]) -> frozenset[str]:
    """The ingredients of a drug: by RxNorm or ATC code, else by whole-word names; empty = unresolved."""
    known = [concept for concept in concepts if concept is not None]
    return _ingredients(_codes(known), tuple(text[:LONGEST] for text in texts_of(*known)))


def form_of(concepts: Iterable[Concept | None]) -> str:
    """`nonsystemic` for a local product, `systemic` for one swallowed or injected, empty if neither class nor
    words tell.
    """
    known = [concept for concept in concepts if concept is not None]
    return _form(_codes(known), tuple(text[:LONGEST] for text in texts_of(*known)))


def _codes(concepts: Iterable[Concept]) -> Codes:
    return tuple((each.system, each.code) for concept in concepts for each in concept.coding)


@lru_cache(maxsize=4096)
def _ingredients(codes: Codes, texts: tuple[str, ...]) -> frozenset[str]:
    drugs = [Coding(system=system, code=code) for system, code in codes if SYSTEMS.get(system) in DRUG_SYSTEMS]
    coded = concepts_of_codings(drugs) & INGREDIENTS
    return coded or frozenset(name for text in texts for name in named("drug", text))


@lru_cache(maxsize=4096)
def _form(codes: Codes, texts: tuple[str, ...]) -> str:
    if "route-nonsystemic" in concepts_of_codings(Coding(system=system, code=code) for system, code in codes):
        return "nonsystemic"
    words = frozenset(name for text in texts for name in named("form", text))
    return "nonsystemic" if "nonsystemic" in words else "systemic" if "systemic" in words else ""
