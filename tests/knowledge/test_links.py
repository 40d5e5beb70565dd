"""Which fields of the tables name other rows, and which hold a word of a closed list: the loader checks these alone."""

from __future__ import annotations

from dataclasses import fields

from rpild_rules.tables import KINDS, PARTS

SOURCED = (
    "cause", "definition", "condition", "antibody", "statement", "biomarker", "cohort", "prognostic", "caution",
    "evidence", "guideline", "aip", "aip_series", "error", "PublishedDose",
)  # fmt: skip
LINKS = {
    **{f"{kind}.source": "reference" for kind in SOURCED},
    **{f"{kind}.errors": "error" for kind in ("statement", "cohort", "biomarker", "evidence", "aip_series")},
    **{f"{kind}.parameters": "parameter" for kind in ("condition", "prognostic", "guideline")},
    "option.basis": "reference",
    "option.evidence": "evidence",
    "option.doses": "dose",
    "error.elsewhere": "reference",
    "node.stages": "stage",
    "edge.start": "node",
    "edge.end": "node",
    "transition.start": "stage",
    "transition.end": "stage",
    "family.topics": "topic",
    "Series.cohort": "cohort",
}
CHOICES = {
    "definition.use": ("primary", "evaluated", "shown only"),
    "antibody.group": ("MSA", "MAA"),
    "prognostic.use": ("flag", "count of three", "support line", "caveat", "page", "do not compute", "not used"),
    "edge.kind": ("then", "beside"),
    "Series.measure": ("median", "median (quartiles)", "mean", "share", "count", "as printed"),
    "Series.beside": ("unit checked", "unit not printed", "never"),
}


def told(what: str) -> dict[str, object]:
    each_field = ((name, each) for name, kind in {**KINDS, **PARTS}.items() for each in fields(kind))
    return {f"{name}.{each.name}": each.metadata[what] for name, each in each_field if what in each.metadata}


def test_fields_that_name_other_rows() -> None:
    assert told("link") == LINKS


def test_fields_with_a_closed_list_of_words() -> None:
    assert told("choices") == CHOICES
