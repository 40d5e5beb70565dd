"""The sources behind numbers and card texts: what is known of each, read from references.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.strict_toml import Place, choice_at, table_at, text_at

if TYPE_CHECKING:
    from collections.abc import Mapping

DESIGN = "design decision"
KINDS = frozenset({
    DESIGN, "case reports", "case series", "cohort", "expert recommendation", "general knowledge", "guideline summary",
    "label", "laboratory standard", "literature review", "news report", "study summary", "teaching deck",
    "trial strata",
})  # fmt: skip
MARKS = frozenset({"SEED", "VERIFIED", "SEED + VERIFIED", "UNVERIFIED", "PROPOSED"})
REQUIRED = ("title", "kind", "where", "mark")
DETAILS = ("year", "doi", "pmid", "link", "n", "outcome", "caveat")


@dataclass(frozen=True, slots=True)
class Reference:
    """One source under its permanent id.

    `where` is where its content was found (line of a source file, table, abstract). `mark` tells how far it was
    checked: SEED (stated in a source file), VERIFIED (found in the publication), UNVERIFIED, PROPOSED (our design).
    `n`, `outcome` and `caveat` are short texts in our own words; a fact that is not known is an empty text.
    """

    id: str
    title: str
    kind: str
    where: str
    mark: str
    year: str = ""
    doi: str = ""
    pmid: str = ""
    link: str = ""
    n: str = ""
    outcome: str = ""
    caveat: str = ""

    @property
    def cited(self) -> str:
        """Title and year, as printed on a card."""
        return f"{self.title} ({self.year})" if self.year and self.year not in self.title else self.title

    @property
    def cohort(self) -> str:
        """Title, year and number of patients, as printed beside a number."""
        return f"{self.cited}, n = {self.n}" if self.n else self.cited

    @property
    def brief(self) -> str:
        """Author or kind, year and number of patients: the cohort in four words, for a card."""
        author, colon, _ = self.title.partition(":")
        who = f"{author if colon else self.kind} {self.year}".strip()
        return f"{who}, n = {self.n.split()[0]}" if self.n else who


def read_references(file: str, content: Mapping[str, object]) -> dict[str, Reference]:
    """Every table of references.toml by its id."""
    return {key: _read_reference(Place(file, key), raw) for key, raw in content.items()}


def _read_reference(place: Place, raw: object) -> Reference:
    table = table_at(place, raw, REQUIRED, DETAILS)
    details = {key: text_at(place, table, key) for key in ("title", "where", *DETAILS) if key in table}
    kind, mark = choice_at(place, table, "kind", KINDS), choice_at(place, table, "mark", MARKS)
    return Reference(id=place.key, kind=kind, mark=mark, **details)
