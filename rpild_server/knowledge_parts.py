"""The knowledge as parts of a document: each a title, an introduction and a table, free of any format."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rpild_rules import rows
from rpild_rules.knowledge import Knowledge, Parameter, Reference
from rpild_rules.pathway_rows import Disagreement, Edge, Family, Node, StageRule, Transition
from rpild_rules.source_attributes import answers
from rpild_server.trends import shown

Cells = tuple[str, ...]
WORDS = Path(__file__).with_name("knowledge_parts.toml")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the document. `picture` are lines of a graph in Mermaid's notation, empty for most."""

    title: str
    intro: str
    columns: Cells
    rows: tuple[Cells, ...]
    picture: Cells = ()


def build_part(name: str, knowledge: Knowledge) -> Part:
    """One part by its name, a key of BUILDERS."""
    words, built = _words()[name], tuple(BUILDERS[name](knowledge))
    picture = tuple(_graph(knowledge)) if name == "transitions" else ()
    return Part(str(words["title"]), str(words["intro"]), tuple(words["columns"]), built, picture)


@cache
def _words() -> dict[str, dict[str, Any]]:
    """Titles, introductions and columns."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def _listed(values: Iterable[str]) -> str:
    return "; ".join(values)


def _noted(*texts: str) -> str:
    """Sentences and remarks in one cell."""
    return " ".join(text if text.endswith((".", ")")) else f"{text}." for text in texts if text)


def _origin(row: rows.Row) -> Cells:
    return row.where, row.mark, row.source


def _parameters(k: Knowledge) -> Iterator[Cells]:
    for name, each in sorted(k.parameters.items()):
        value = each.printed if each.unit in ("choice", "words", "boolean") else f"{each.printed} {each.unit}"
        status = f"{each.status}, {each.source}: {each.where}"
        yield name, each.title, each.test, value, status, each.reviewed.isoformat(), _remarks(each, k)


def _remarks(parameter: Parameter, k: Knowledge) -> str:
    changed = next((each for each in k.overrides if each.name == parameter.name), None)
    told = f"{changed.author}, {changed.date}: {changed.reason}" if changed else ""
    site = f"site value in place of {changed.default} ({told})" if changed else ""
    choices = f"choices: {', '.join(parameter.choices)}" if parameter.choices else ""
    return _noted(parameter.note, choices, site)


def _definitions(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Definition).values():
        yield row.id, row.contract, row.use, _noted(row.logic), row.open_point, *_origin(row)


def _conditions(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Condition).values():
        yield row.id, ", ".join(row.contract), _noted(row.text, row.note), ", ".join(row.parameters), *_origin(row)


def _prognosis(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Prognostic).values():
        cohort = k.references[row.id].cohort if row.id in k.references else ""
        yield row.id, _noted(row.rule, row.note), cohort, row.use, ", ".join(row.flags), row.where, row.mark


def _biomarkers(k: Knowledge) -> Iterator[Cells]:
    cohorts, arms = k.tables.of(rows.Cohort), tuple(k.tables.of(rows.Arm))
    for row in k.tables.of(rows.Biomarker).values():
        for series in row.series:
            figures = tuple(_figures(getattr(series, arm)) for arm in arms)
            notes = _noted(row.note, series.why_never, series.remark, ", ".join(row.errors))
            told = f"{series.marker}, {series.measure}, {series.unit}"
            p = (series.p_rpild, series.p_outcome)
            yield row.id, told, cohorts[series.cohort].title, *figures, *p, notes, row.where, row.mark


def _figures(values: Iterable[object]) -> str:
    first, *quartiles = map(str, values) if values else [""]
    return f"{first} ({'-'.join(quartiles)})" if quartiles else first


def _cohorts(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Cohort).values():
        sizes = (row.n, row.without_rpild, row.with_rpild, row.survived, row.died)
        printed = (shown(size) if size is not None else "" for size in sizes)
        yield row.title, *printed, _noted(row.note, ", ".join(row.errors)), *_origin(row)


def _causes(k: Knowledge) -> Iterator[Cells]:
    yield from ((row.id, row.title, *_origin(row)) for row in k.tables.of(rows.Cause).values())


def _antibodies(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Antibody).values():
        group = f"{row.group} ({row.family})" if row.family else row.group
        yield ", ".join(row.names), group, row.picture, row.note, *_origin(row)


def _statements(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Statement).values():
        yield row.id, row.title, _noted(row.text, ", ".join(row.errors)), *_origin(row)


def _options(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Option).values():
        named = (", ".join(row.evidence), ", ".join(row.doses))
        yield row.title, _listed(row.place), ", ".join(row.basis), *named, _listed(row.harms), _listed(row.against)


def _cautions(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Caution).values():
        yield row.id, row.title, _noted(row.text, row.note), ", ".join(row.classes), *_origin(row)


def _doses(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Dose).values():
        printed = (f"{each.dose} [{each.source}: {each.where}; {each.mark}]" for each in row.published)
        conflict = "sources differ" if len({each.source for each in row.published}) > 1 else ""
        yield row.id, row.drug, " // ".join(printed), conflict, row.trap


def _evidence(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Evidence).values():
        study = k.reference(row.id)
        what = f"{row.intervention}, against {row.comparison}" if row.comparison else row.intervention
        outcome = (_listed(row.outcomes), _listed(row.harms))
        limits = _noted(study.caveat, row.check, ", ".join(row.errors))
        yield row.id, study.cited, study.kind, study.n, what, *outcome, limits, row.where, row.mark


def _guidelines(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.Guideline).values():
        known = k.references.get(row.id)
        title, caveat = (known.cited, known.caveat) if known else ("", "")
        yield row.id, title, _listed(row.says), caveat, ", ".join(row.parameters), row.where, row.mark


def _aip(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.AipStatement).values():
        yield row.id, row.text, "needed" if row.needed else "", row.known_from, row.where, row.mark


def _aip_series(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.AipSeries).values():
        numbers = (shown(each) if each is not None else "" for each in (row.n, row.mortality))
        yield row.series, *numbers, row.outcome, ", ".join(row.errors), row.where, row.mark


def _stages(k: Knowledge) -> Iterator[Cells]:
    nodes = k.tables.of(Node)
    for row in k.tables.of(StageRule).values():
        came_from = ", ".join(id for id, node in nodes.items() if row.id in node.stages)
        yield row.id, k.texts.label("stage", row.id), row.entry, row.exit, _listed(row.actions), came_from


def _transitions(k: Knowledge) -> Iterator[Cells]:
    yield from ((way.start, way.end, way.when) for way in k.tables.of(Transition).values())


def _graph(k: Knowledge) -> Iterator[str]:
    yield "flowchart TD"
    yield from (f'  {stage}["{k.texts.label("stage", stage)}"]' for stage in k.tables.of(StageRule))
    yield from (f"  {way.start} --> {way.end}" for way in k.tables.of(Transition).values())


def _nodes(k: Knowledge) -> Iterator[Cells]:
    edges = k.tables.of(Edge).values()
    for id, node in k.tables.of(Node).items():
        ways = (f"{edge.end} ({edge.kind}, inferred)" for edge in edges if edge.start == id)
        yield id, node.text, ", ".join(ways), ", ".join(node.stages)


def _disagreements(k: Knowledge) -> Iterator[Cells]:
    yield from ((row.graphs, row.ours) for row in k.tables.of(Disagreement).values())


def _cards(k: Knowledge) -> Iterator[Cells]:
    for code, topic in k.texts.topics.items():
        variants = (f"{name}: {summary}" for name, summary in topic.variants.items())
        yield code, topic.indicator, topic.summary, " // ".join(variants), ", ".join(topic.evidence)


def _attributes(k: Knowledge) -> Iterator[Cells]:
    for family in k.tables.of(Family).values():
        for answer in answers(family, k):
            yield f"{family.title}: {', '.join(family.topics)}", str(answer.number), answer.question, answer.text


def _errors(k: Knowledge) -> Iterator[Cells]:
    for row in k.tables.of(rows.DataError).values():
        values = f"{', '.join(map(str, row.values))} {row.unit}" if row.values else ""
        yield row.id, row.problem, row.action, values, row.where, row.mark


def _references(k: Knowledge) -> Iterator[Cells]:
    for id, each in k.references.items():
        yield id, each.cited, each.kind, each.n, _noted(each.outcome, each.caveat), each.where, each.mark, _link(each)


def _link(reference: Reference) -> str:
    doi = f"doi:{reference.doi}" if reference.doi else ""
    pmid = f"PubMed {reference.pmid}" if reference.pmid else ""
    return _listed(filter(None, (doi, pmid, reference.link)))


BUILDERS: Mapping[str, Callable[[Knowledge], Iterator[Cells]]] = MappingProxyType({
    "definitions": _definitions, "conditions": _conditions, "parameters": _parameters, "stages": _stages,
    "transitions": _transitions, "algorithm": _nodes, "disagreements": _disagreements, "cards": _cards,
    "causes": _causes, "antibodies": _antibodies, "epidemiology": _statements, "prognosis": _prognosis,
    "biomarkers": _biomarkers, "cohorts": _cohorts, "options": _options, "cautions": _cautions, "doses": _doses,
    "evidence": _evidence, "literature": _guidelines, "aip": _aip, "aip_series": _aip_series,
    "attributes": _attributes, "errors": _errors, "references": _references,
})  # fmt: skip
