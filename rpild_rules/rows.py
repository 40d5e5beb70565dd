"""The shapes of the knowledge tables: one frozen class for each kind of row; metadata says what a field may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

NONE: Mapping[str, str] = MappingProxyType({})
UNIT_CHECKED, UNIT_NOT_PRINTED, NEVER = "unit checked", "unit not printed", "never"
PAGE_ONLY, NOT_COMPUTED = "page", "do not compute"


def one_of(*choices: str, default: str | None = None) -> Any:
    """A field with a closed list of words."""
    metadata = {"choices": choices}
    return field(metadata=metadata) if default is None else field(default=default, metadata=metadata)


def link(kind: str, *, many: bool = True) -> Any:
    """A field that names rows of another table, references, parameters or topics; empty by default."""
    return field(default=() if many else "", metadata={"link": kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row under its permanent id. `where`, `mark` and `source` say where it was found and how far it was checked.

    A row whose id is itself a reference leaves the three out: they stand in references.toml.
    """

    id: str
    where: str = ""
    mark: str = ""
    source: str = link("reference", many=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Row):
    """One thing that can look like RP-ILD."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition(Row):
    """One definition of RP-ILD; `contract` is its name in the assessment, empty where it is not evaluated."""

    logic: str
    use: str = one_of("primary", "evaluated", "shown only")
    contract: str = ""
    open_point: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Row):
    """One condition of the primary definition; `contract` names the criteria that carry it."""

    contract: tuple[str, ...]
    text: str
    parameters: tuple[str, ...] = link("parameter")
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Antibody(Row):
    """A group of antibodies with one clinical picture; `concepts` are their names in the code tables."""

    names: tuple[str, ...]
    group: str = one_of("MSA", "MAA")
    picture: str
    concepts: tuple[str, ...]
    family: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Row):
    """A fact of history, frequency, signs or tissue."""

    title: str
    text: str
    errors: tuple[str, ...] = link("error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A group of patients that a series prints a number for."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort(Row):
    """The patients behind a biomarker row; a group whose size is not known is absent."""

    title: str
    n: Decimal
    without_rpild: Decimal | None = None
    with_rpild: Decimal | None = None
    survived: Decimal | None = None
    died: Decimal | None = None
    errors: tuple[str, ...] = link("error")
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One printed line of a biomarker row: a number, or median and quartiles, for each group; p as printed.

    `unit` is what the source prints, `ucum` the unit in which a patient's value may stand beside it.
    """

    marker: str
    cohort: str = field(metadata={"link": "cohort"})
    unit: str
    measure: str = one_of("median", "median (quartiles)", "mean", "share", "count", "as printed")
    concept: str = ""
    beside: str = one_of(UNIT_CHECKED, UNIT_NOT_PRINTED, NEVER, default=NEVER)
    ucum: str = ""
    why_never: str = ""
    without_rpild: tuple[Decimal, ...] = ()
    with_rpild: tuple[Decimal, ...] = ()
    survived: tuple[Decimal, ...] = ()
    died: tuple[Decimal, ...] = ()
    whole: tuple[Decimal, ...] = ()
    p_rpild: str = ""
    p_outcome: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Biomarker(Row):
    """One row of cohort statistics. Context only, never a cut-off."""

    title: str
    series: tuple[Series, ...]
    errors: tuple[str, ...] = link("error")
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prognostic(Row):
    """One published limit or model and what is done with it."""

    rule: str
    use: str = one_of("flag", "count of three", "support line", "caveat", PAGE_ONLY, NOT_COMPUTED, "not used")
    flags: tuple[str, ...] = ()
    parameters: tuple[str, ...] = link("parameter")
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDose:
    """A dose as one source prints it. Display only."""

    dose: str
    where: str
    mark: str
    source: str = field(metadata={"link": "reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The doses of one drug side by side; `trap` is what is easily read wrongly. Display only, never in an order."""

    id: str
    drug: str
    published: tuple[PublishedDose, ...]
    trap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A treatment by name with what speaks for and against it. `basis` are the sources that put it in its `place`."""

    id: str
    title: str
    place: tuple[str, ...]
    basis: tuple[str, ...] = field(metadata={"link": "reference"})
    evidence: tuple[str, ...] = link("evidence")
    doses: tuple[str, ...] = link("dose")
    harms: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution(Row):
    """Drugs that a source advises against, or lists for one situation only, by class."""

    title: str
    text: str
    classes: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Row):
    """What one study reports, as printed; its citation, kind and size are the reference of the same id."""

    intervention: str
    outcomes: tuple[str, ...]
    comparison: str = ""
    harms: tuple[str, ...] = ()
    check: str = ""
    errors: tuple[str, ...] = link("error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline(Row):
    """What was read of a guideline, label or standard, in own words."""

    says: tuple[str, ...]
    parameters: tuple[str, ...] = link("parameter")


@dataclass(frozen=True, slots=True, kw_only=True)
class AipStatement(Row):
    """One statement on acute interstitial pneumonia; `needed` marks its conditions, `known_from` what can show it."""

    text: str
    needed: bool = False
    known_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AipSeries(Row):
    """One published series; `mortality` in percent as the source's table prints it."""

    series: str
    n: Decimal | None = None
    outcome: str = ""
    mortality: Decimal | None = None
    errors: tuple[str, ...] = link("error")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataError(Row):
    """An error in a source: `values` (in `unit`) never become a threshold, no parameter cites `lines`.

    `elsewhere` maps such a value to the reference that publishes the same figure in its own right.
    """

    problem: str
    action: str
    values: tuple[Decimal, ...] = ()
    unit: str = ""
    lines: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=lambda: NONE, metadata={"link": "reference"})
