"""The knowledge tables: what the loader refuses, what rows cite, and that no error of a source is a threshold."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rpild_rules import rows
from rpild_rules.concepts import AVOIDED, DRUG_CLASSES
from rpild_rules.knowledge import SHIPPED, Knowledge, ParameterError, load_knowledge
from rpild_rules.parameter import Parameter
from rpild_rules.pathway import STAGES
from rpild_rules.pathway_rows import Attribute, Family, Node, StageRule, Transition
from rpild_rules.prognosis import FLAGS
from rpild_rules.tables import KINDS

FORBIDDEN = re.compile(
    r"(?<!causes-)\b(must|excluded?|immediately|not a candidate|is a candidate|diagnos(?:es|ed))\b",
    re.IGNORECASE,
)
CHART_UNITS = tomllib.loads((SHIPPED.parent / "fhir_mappings/codes/units.toml").read_text(encoding="utf-8"))["concept"]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    copy = tmp_path / "rules"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def texts(value: Any) -> Iterator[str]:
    """Every text in a row and its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from (text for each in value for text in texts(each))
    elif hasattr(value, "__dataclass_fields__"):
        yield from (text for each in fields(value) for text in texts(getattr(value, each.name)))


REFUSED = {
    "unknown kind": ("causes.toml", "[cause.CAUSE-1]", "[reason.CAUSE-1]", "'reason' is no kind of row"),
    "unknown key": (
        "causes.toml",
        'title = "radiation"',
        'title = "radiation"\ncolour = "red"',
        "unknown key 'colour'",
    ),
    "missing key": ("causes.toml", 'title = "radiation"\n', "", "title is missing"),
    "blank text": ("causes.toml", '"radiation"', '" "', "title is not a text"),
    "no mark": ("causes.toml", 'mark = "SEED"\n', "", "where, mark or source is missing"),
    "unknown mark": ("causes.toml", 'mark = "SEED"', 'mark = "SURE"', "mark 'SURE' is not known"),
    "unknown source": ("causes.toml", '"deck-002"', '"hearsay"', "'hearsay' is no reference"),
    "said twice": (
        "evidence.toml",
        "[evidence.EV-3]",
        '[evidence.EV-3]\nmark = "SEED"',
        "where, mark or source is missing",
    ),
    "unknown choice": ("prognosis.toml", 'use = "flag"', 'use = "score"', "use 'score' is not known"),
    "unknown parameter": ("prognosis.toml", '"ferritin_flag"', '"ferritin_flg"', "'ferritin_flg' is no parameter"),
    "unknown topic": ("source_attributes.toml", '"dataQuality"', '"dataQualty"', "'dataQualty' is no topic"),
    "unknown node": ("algorithm.toml", 'end = "ALG-1.N0"', 'end = "ALG-1.N99"', "'ALG-1.N99' is no node"),
    "unknown cohort": ("biomarkers.toml", 'cohort = "n20"', 'cohort = "n21"', "'n21' is no cohort"),
    "unknown elsewhere": ("data_errors.toml", '1500 = "PROG-4"', '1500 = "PROG-99"', "'PROG-99' is no reference"),
    "float": ("biomarkers.toml", '["555.7", ', "[555.7, ", "value is not an exact number"),
    "one number for a list": ("biomarkers.toml", 'whole = ["0.94"]', 'whole = "0.94"', "whole is not a list"),
    "one text for a list": ("options.toml", 'doses = ["RX-3"]', 'doses = "RX-3"', "doses is not a list of texts"),
    "word for a truth": ("aip.toml", "needed = true", 'needed = "yes"', "value is not true or false"),
    "text for a table": (
        "data_errors.toml",
        '[error.DE-9.elsewhere]\n1500 = "PROG-4"',
        'elsewhere = "PROG-4"',
        "not a table",
    ),
    "no part": ("doses.toml", "[[dose.RX-8.published]]", "[dose.RX-8.published]", "published is not a list of tables"),
    "kind without rows": ("causes.toml", "[cause.CAUSE-1]", "arm = 1\n[cause.CAUSE-1]", "is no table of rows"),
    "no TOML": ("causes.toml", "[cause.CAUSE-1]", "[cause.CAUSE-1", "is not TOML"),
    "in two files": ("causes.toml", "[cause.CAUSE-1]", '[arm.died]\nlabel = "x"\n[cause.CAUSE-1]', "too"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_the_loader_refuses(shipped: Path, fault: str) -> None:
    file, old, new, problem = REFUSED[fault]
    spoil(shipped / "tables" / file, old, new)
    with pytest.raises(ParameterError) as refusal:
        load_knowledge(shipped=shipped)
    assert problem in refusal.value.problem
    assert refusal.value.file.endswith(".toml")
    assert refusal.value.key
    assert refusal.value.remedy.endswith(".")


def test_tables_that_are_not_there_are_named(shipped: Path) -> None:
    shutil.rmtree(shipped / "tables")
    with pytest.raises(ParameterError, match="tables/: file: no table there"):
        load_knowledge(shipped=shipped)


def test_a_row_that_is_not_there_is_named(knowledge: Knowledge) -> None:
    assert knowledge.tables.row(rows.Cause, "CAUSE-6").title == "infection"
    with pytest.raises(ParameterError, match="CAUSE-99: no such Cause"):
        knowledge.tables.row(rows.Cause, "CAUSE-99")


def test_the_digest_follows_rows_and_not_files(shipped: Path, knowledge: Knowledge) -> None:
    causes = (shipped / "tables/causes.toml").read_text(encoding="utf-8")
    (shipped / "tables/causes.toml").unlink()
    (shipped / "tables/zz.toml").write_text(f"# moved\n\n{causes}", encoding="utf-8")
    assert load_knowledge(shipped=shipped).sha256 == knowledge.sha256
    spoil(shipped / "tables/zz.toml", '"cardiac oedema"', '"heart failure"')
    assert load_knowledge(shipped=shipped).sha256 != knowledge.sha256


def test_every_kind_holds_rows(knowledge: Knowledge) -> None:
    assert [kind for kind in KINDS if not knowledge.tables.kinds[kind]] == []


def test_every_row_says_where_it_was_found_and_how_far_it_was_checked(knowledge: Knowledge) -> None:
    told = [row for table in knowledge.tables.kinds.values() for row in table.values() if isinstance(row, rows.Row)]
    assert len(told) > 150
    assert [row.id for row in told if not (row.where and row.mark and row.source in knowledge.references)] == []


def test_no_text_says_what_the_tool_must_never_claim(knowledge: Knowledge) -> None:
    said = [text for table in knowledge.tables.kinds.values() for row in table.values() for text in texts(row)]
    assert len(said) > 1000
    assert [text for text in said if FORBIDDEN.search(text)] == []
    assert FORBIDDEN.search("Infection is excluded")
    assert not FORBIDDEN.search("attestation causes-excluded")


def test_unread_guideline_wording_stands_nowhere(knowledge: Knowledge) -> None:
    everything = [*knowledge.references, *(id for table in knowledge.tables.kinds.values() for id in table)]
    said = " ".join(text for table in knowledge.tables.kinds.values() for row in table.values() for text in texts(row))
    assert {"LIT-4", "LIT-5"} & {*everything, *re.findall(r"LIT-\d+", said)} == set()
    assert knowledge.tables.row(rows.Definition, "DEF-5").logic.endswith("is not quoted.")


# Data errors


def cited_lines(parameter: Parameter) -> set[tuple[str, int]]:
    return set(source_lines(parameter.where))


def source_lines(where: str) -> Iterator[tuple[str, int]]:
    """`002:10, 14-15` as single lines of a source file."""
    for file, listed in re.findall(r"\b(00\d):([\d, -]+)", where):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", listed):
            yield from ((file, line) for line in range(int(first), int(last or first) + 1))


def wrong_values(error: rows.DataError, parameters: dict[str, Parameter]) -> list[str]:
    """Parameters that hold a value of a data error and do not cite who else publishes it."""
    return [
        name
        for name, parameter in parameters.items()
        if parameter.value in error.values
        and parameter.unit == error.unit
        and error.elsewhere.get(str(parameter.value)) != parameter.source
    ]


def test_no_value_of_a_data_error_is_a_parameter(knowledge: Knowledge) -> None:
    parameters = dict(knowledge.parameters)
    found = {error.id: wrong_values(error, parameters) for error in knowledge.tables.of(rows.DataError).values()}
    assert {id: names for id, names in found.items() if names} == {}


def test_no_parameter_cites_a_line_with_an_error(knowledge: Knowledge) -> None:
    wrong = {
        line
        for error in knowledge.tables.of(rows.DataError).values()
        for each in error.lines
        for line in source_lines(each)
    }
    assert ("002", 514) in wrong
    assert ("002", 245) in wrong
    assert [name for name, parameter in knowledge.parameters.items() if cited_lines(parameter) & wrong] == []


def test_no_parameter_and_no_card_rests_on_a_data_error(knowledge: Knowledge) -> None:
    errors = set(knowledge.tables.of(rows.DataError))
    assert [name for name, parameter in knowledge.parameters.items() if parameter.source in errors] == []
    resting = {code for code, topic in knowledge.texts.topics.items() if errors & set(topic.evidence)}
    assert resting == {"dataQuality"}, "only the card that tells of unreadable data names them"


def test_the_watch_on_data_errors_can_fail(tmp_path: Path, knowledge: Knowledge) -> None:
    error = knowledge.tables.row(rows.DataError, "DE-3")
    spoilt = {"ferritin_flag": knowledge.parameter("ferritin_flag").changed(Decimal(857))}
    assert wrong_values(error, spoilt) == ["ferritin_flag"]
    ceiling = knowledge.tables.row(rows.DataError, "DE-9")
    assert wrong_values(ceiling, {"ferritin_tier": knowledge.parameter("ferritin_tier")}) == []
    assert wrong_values(ceiling, {"ferritin_flag": knowledge.parameter("ferritin_flag").changed(Decimal(1500))}) == [
        "ferritin_flag"
    ]


def test_rows_with_a_data_error_keep_their_p_values_to_themselves(knowledge: Knowledge) -> None:
    for id in ("BM-4", "BM-20"):
        row = knowledge.tables.row(rows.Biomarker, id)
        assert "DE-20" in row.errors
        assert [series for series in row.series if series.p_rpild or series.p_outcome] == []


# Causes, antibodies, prognosis, options


def test_the_causes_of_the_page_are_those_of_the_cards(knowledge: Knowledge) -> None:
    assert tuple(cause.title for cause in knowledge.tables.of(rows.Cause).values()) == knowledge.texts.causes


def test_every_antibody_of_the_code_tables_belongs_to_one_group(knowledge: Knowledge) -> None:
    codes = tomllib.loads((SHIPPED.parent / "fhir_mappings/codes/antibodies.toml").read_text(encoding="utf-8"))
    held = [concept for row in knowledge.tables.of(rows.Antibody).values() for concept in row.concepts]
    assert sorted(held) == sorted(set(held))
    assert {concept for concept in codes if concept.startswith("anti-")} == set(held)


def test_every_flag_of_the_assessment_has_its_published_row(knowledge: Knowledge) -> None:
    used = {flag for row in knowledge.tables.of(rows.Prognostic).values() for flag in row.flags}
    assert set(FLAGS) - used == {"lymphocytes500"}, "context of BM-5, no published limit"
    assert used <= set(FLAGS)


def test_published_limits_stand_in_their_rule(knowledge: Knowledge) -> None:
    for row in knowledge.tables.of(rows.Prognostic).values():
        for name in row.parameters:
            parameter = knowledge.parameter(name)
            assert parameter.source == row.id, f"{name} rests on {parameter.source}"
            assert re.search(rf"\b{parameter.printed}\b", row.rule), f"{name} {parameter.printed}: {row.rule}"


def test_no_model_is_computed(knowledge: Knowledge) -> None:
    models = [row for row in knowledge.tables.of(rows.Prognostic).values() if row.use == rows.NOT_COMPUTED]
    assert [row.id for row in models] == ["PROG-5", "PROG-9"]
    assert [row.id for row in models if row.flags or row.parameters] == []


def test_conditions_name_their_numbers_and_criteria(knowledge: Knowledge) -> None:
    for row in knowledge.tables.of(rows.Condition).values():
        published = [knowledge.parameter(name) for name in row.parameters]
        for each in (each for each in published if each.status == "published"):
            assert each.source == "DEF-2"
            assert each.where == row.where
            assert f"{each.printed} %" in row.text or f"{each.printed} mmHg" in row.text
        assert set(row.contract) <= set(knowledge.texts.sections["criterion"])
    held = {name for row in knowledge.tables.of(rows.Condition).values() for name in row.contract}
    assert held | {"onsetWithinOneMonth"} == set(knowledge.texts.sections["criterion"])


def test_definitions_carry_the_names_of_the_contract(knowledge: Knowledge) -> None:
    named = [row.contract for row in knowledge.tables.of(rows.Definition).values() if row.contract]
    assert sorted(named) == sorted(knowledge.texts.sections["definition"])
    primary = [row.id for row in knowledge.tables.of(rows.Definition).values() if row.use == "primary"]
    assert primary == ["DEF-2"]


def test_what_to_avoid_is_what_the_rules_avoid(knowledge: Knowledge) -> None:
    avoid, after_failure = (knowledge.tables.row(rows.Caution, id) for id in ("AVOID-1", "REFR-1"))
    assert set(avoid.classes) == set(AVOIDED)
    assert set(after_failure.classes) <= set(DRUG_CLASSES)
    assert "not rapidly progressive" in avoid.note


def test_every_option_has_evidence_and_something_against_it(knowledge: Knowledge) -> None:
    for option in knowledge.tables.of(rows.Option).values():
        assert option.evidence, option.id
        assert option.against, option.id
    evidence = {id for option in knowledge.tables.of(rows.Option).values() for id in option.evidence}
    others = {"EV-3", "EV-21", "EV-23", "EV-24"}  # pooled, prognosis, AIP, prophylaxis
    assert set(knowledge.tables.of(rows.Evidence)) - evidence == others
    assert "EV-20" in knowledge.tables.row(rows.Option, "ecmo").evidence


def test_every_study_tells_how_many_and_what_kind(knowledge: Knowledge) -> None:
    for id in knowledge.tables.of(rows.Evidence):
        reference = knowledge.reference(id)
        assert reference.kind, id
        assert reference.n or id == "EV-4", id


# Doses: display only


def test_conflicting_doses_stand_side_by_side(knowledge: Knowledge) -> None:
    doses = knowledge.tables.of(rows.Dose)
    assert len(doses) == 9
    two_sources = {id for id, dose in doses.items() if len({each.source for each in dose.published}) > 1}
    assert two_sources == {"RX-1", "RX-2", "RX-4", "RX-5"}
    assert "not per m2" in doses["RX-5"].trap


def test_no_dose_reaches_a_card(knowledge: Knowledge) -> None:
    printed = {each.dose for dose in knowledge.tables.of(rows.Dose).values() for each in dose.published}
    said = " ".join(text for topic in knowledge.texts.topics.values() for text in topic.lines.values())
    assert [dose for dose in printed if dose in said] == []


# Pathway and source attributes


def test_the_stages_are_those_of_the_pathway_in_their_order(knowledge: Knowledge) -> None:
    assert list(knowledge.tables.of(StageRule)) == ["outOfScope", *(stage.name for stage in STAGES)]


def test_every_stage_is_reached_and_left(knowledge: Knowledge) -> None:
    ways = knowledge.tables.of(Transition).values()
    stages = set(knowledge.tables.of(StageRule))
    assert {way.end for way in ways} | {"outOfScope"} == stages
    assert {way.start for way in ways} == stages
    assert len({(way.start, way.end) for way in ways}) == len(ways)


def test_every_node_of_the_source_graphs_became_a_stage(knowledge: Knowledge) -> None:
    nodes = knowledge.tables.of(Node)
    graphs = {graph: [id for id in nodes if id.startswith(f"{graph}.")] for graph in ("ALG-1", "ALG-2")}
    assert {graph: len(ids) for graph, ids in graphs.items()} == {"ALG-1": 11, "ALG-2": 8}
    assert [id for id, node in nodes.items() if not node.stages] == []


def test_every_card_belongs_to_one_family_with_thirteen_answers(knowledge: Knowledge) -> None:
    families = knowledge.tables.of(Family)
    topics = [topic for family in families.values() for topic in family.topics]
    assert sorted(topics) == sorted(knowledge.texts.topics)
    attributes = knowledge.tables.of(Attribute)
    assert [int(each.number) for each in attributes.values()] == list(range(1, 14))
    answers = {each.name for each in fields(Family)} - {"id", "title", "topics"}
    assert set(attributes) - {"citation"} == answers, "the citation is that of the topics"
    assert [topic for topic in topics if not knowledge.texts.topic(topic).evidence] == []


def test_units_of_biomarkers_are_those_of_the_charts(knowledge: Knowledge) -> None:
    placed = [series for row in knowledge.tables.of(rows.Biomarker).values() for series in row.series if series.concept]
    assert {series.concept for series in placed} <= set(CHART_UNITS)
    for series in placed:
        if series.beside == rows.UNIT_CHECKED:
            assert series.ucum == CHART_UNITS[series.concept]["unit"]
        assert bool(series.why_never) == (series.beside == rows.NEVER)


def test_medians_lie_between_their_quartiles(knowledge: Knowledge) -> None:
    arms = list(knowledge.tables.of(rows.Arm))
    checked = 0
    for row in knowledge.tables.of(rows.Biomarker).values():
        for series in row.series:
            for values in (values for arm in arms if (values := getattr(series, arm))):
                assert len(values) == (3 if series.measure == "median (quartiles)" else 1), f"{row.id} {series.marker}"
                assert len(values) == 1 or values[1] <= values[0] <= values[2], f"{row.id} {series.marker}"
                checked += 1
    assert checked > 80
