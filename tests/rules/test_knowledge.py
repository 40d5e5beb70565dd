"""The signed parameters: what the shipped files hold, what the loader refuses, and what a site may change."""

from __future__ import annotations

import ast
import re
import shutil
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rpild_rules.knowledge import SHIPPED, Knowledge, ParameterError, load_knowledge
from rpild_rules.references import DESIGN
from rpild_rules.when import Window

OPERATING = {
    "max_cards", "silent_roles", "lab_offers", "silent_mode", "expose_assessment", "site_timezone",
    "repeat_hours_critical", "repeat_hours_warning", "repeat_hours_info", "override_hours_critical",
    "override_days_other", "critical_any_order", "pathway_flag_codes",
}  # fmt: skip
ADULT = """
[adult_age]
title = "Age"
value = 18
unit = "y"
test = "at least"
source = "rpild-decisions"
where = "section 3"
reviewed = 2026-11-22
status = "proposed"
"""
SITE = """
[override.ferritin_flag]
value = "700"
author = "A. Author"
reason = "local assay"
date = 2026-11-20
"""


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    copy = tmp_path / "rules"
    copy.mkdir()
    shutil.copytree(SHIPPED / "parameters", copy / "parameters")
    shutil.copytree(SHIPPED / "tables", copy / "tables")
    for name in ("references.toml", "card_texts.toml"):
        shutil.copy(SHIPPED / name, copy)
    return copy


def site_file(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def spoil(path: Path, old: str, new: str) -> None:
    """Change one place of a file; the place has to be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_setting_of_the_decisions_is_a_parameter(knowledge: Knowledge, shared: Path) -> None:
    section = (shared / "clinical/decisions.md").read_text(encoding="utf-8").split("## 16. Settings")[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    prefix = "active_days"
    names = {f"{prefix}{n}" if n.startswith("_") else n for row in rows for n in re.findall(r"`(\w+)`", row)}
    assert sorted(names - OPERATING - set(knowledge.parameters)) == []


def test_shipped_values_are_those_of_the_decisions(knowledge: Knowledge, shared: Path) -> None:
    """Rows of section 16 that give one plain number per name, compared with the files."""
    section = (shared / "clinical/decisions.md").read_text(encoding="utf-8").split("## 16. Settings")[1]
    compared = 0
    for cells in (line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")):
        names, values = re.findall(r"`(\w+)`", cells[0]), cells[1].replace("each", "").split(",")
        if len(names) != len(values) or not all(re.fullmatch(r"\s*[\d.]+\s*", value) for value in values):
            continue
        for name, value in zip(names, values, strict=True):
            full = f"active_days{name}" if name.startswith("_") else name
            if full not in OPERATING:
                compared += 1
                assert knowledge.number(full) == Decimal(value.strip()), full
    assert compared > 90


def test_every_parameter_is_signed(knowledge: Knowledge) -> None:
    for parameter in knowledge.parameters.values():
        assert parameter.source in knowledge.references
        assert parameter.where
        assert parameter.reviewed >= date(2026, 11, 22)
        assert parameter.status in {"published", "proposed"}


def test_published_numbers_name_a_publication(knowledge: Knowledge) -> None:
    published = {each.name for each in knowledge.parameters.values() if each.status == "published"}
    assert {"fvc_fall_pct", "dlco_fall_pct", "hrct_increase_pct", "pao2_drop_mmHg", "ferritin_flag"} <= published
    assert all(knowledge.reference(knowledge.parameter(name).source).kind != DESIGN for name in published)


def test_unread_guideline_wording_stays_out(knowledge: Knowledge) -> None:
    assert not {"LIT-4", "LIT-5", "LIT-6", "DEF-5"} & set(knowledge.references)


def test_numbers_are_exact(knowledge: Knowledge) -> None:
    assert knowledge.number("fio2_like") == Decimal("0.02")
    assert str(knowledge.number("ecmo_ph")) == "7.25"
    assert knowledge.numbers("pf_bands") == tuple(map(Decimal, (300, 200, 150, 100, 80, 50)))


def test_windows_know_their_calendar(knowledge: Knowledge) -> None:
    assert knowledge.window("one_month_days") == Window(timedelta(days=31), calendar=True)
    assert knowledge.window("lab_window_acute_hours") == Window(timedelta(hours=72), calendar=False)
    assert knowledge.window("fio2_pair_minutes") == Window(timedelta(hours=1), calendar=False)


@pytest.mark.parametrize(
    ("name", "below", "at", "above"),
    [
        ("fvc_fall_pct", False, False, True),
        ("ferritin_flag", False, True, True),
        ("resp_failure_pao2", True, False, False),
        ("fio2_like", True, True, False),
    ],
)
def test_each_test_word_at_its_limit(knowledge: Knowledge, name: str, below: bool, at: bool, above: bool) -> None:
    parameter, limit, step = knowledge.parameter(name), knowledge.number(name), Decimal("0.0001")
    assert [parameter.holds(limit + each) for each in (-step, Decimal(0), step)] == [below, at, above]


def test_a_ratio_is_compared_without_dividing(knowledge: Knowledge) -> None:
    third = knowledge.parameter("resp_failure_pao2")
    assert not third.holds_ratio(Decimal(180), Decimal(3))
    assert third.holds_ratio(Decimal("179.9999999999999999999999999"), Decimal(3))


def test_words_and_switches(knowledge: Knowledge) -> None:
    assert knowledge.word("onset_clock") == "worsening"
    assert knowledge.truth("aado2_room_air_only") is True
    assert knowledge.parameter("aado2_room_air_only").printed == "true"
    assert knowledge.parameter("pf_bands").printed == "300, 200, 150, 100, 80, 50"


@pytest.mark.parametrize(
    ("accessor", "name"),
    [
        ("number", "onset_clock"),
        ("numbers", "ferritin_flag"),
        ("window", "ferritin_flag"),
        ("word", "berlin_inclusive"),
        ("words", "pf_bands"),
        ("truth", "ferritin_flag"),
        ("parameter", "no_such_thing"),
        ("reference", "EV-999"),
    ],
)
def test_a_rule_that_asks_for_the_wrong_thing_is_told(knowledge: Knowledge, accessor: str, name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        getattr(knowledge, accessor)(name)


def test_a_list_of_words_is_read(shipped: Path) -> None:
    table = ADULT.replace("[adult_age]", "[word_list]").replace("value = 18", 'value = ["one", "two"]')
    added = table.replace('unit = "y"', 'unit = "words"').replace('test = "at least"\n', "")
    (shipped / "parameters/zz.toml").write_text(added, encoding="utf-8")
    knowledge = load_knowledge(shipped=shipped)
    assert knowledge.words("word_list") == ("one", "two")


def test_what_is_no_comparison_does_not_compare(knowledge: Knowledge) -> None:
    with pytest.raises(TypeError, match="barometric_mmHg"):
        knowledge.parameter("barometric_mmHg").holds(Decimal(1))
    with pytest.raises(TypeError, match="pf_bands"):
        knowledge.parameter("pf_bands").holds(Decimal(1))


REFUSED = {
    "unknown key": ('test = "at least"', 'test = "at least"\ncolour = "red"', "unknown key 'colour'"),
    "no title": ('title = "Age"\n', "", "title is missing"),
    "no source": ('source = "rpild-decisions"\n', "", "source is missing"),
    "no where": ('where = "section 3"\n', "", "where is missing"),
    "no review date": ("reviewed = 2026-11-22\n", "", "reviewed is missing"),
    "no status": ('status = "proposed"\n', "", "status is missing"),
    "blank where": ('where = "section 3"', 'where = " "', "where is not a text"),
    "unknown source": ('"rpild-decisions"', '"hearsay"', "source 'hearsay' is not in references.toml"),
    "unknown status": ('"proposed"', '"likely"', "status 'likely' is not known"),
    "own design published": ('"proposed"', '"published"', "published, but its source is our own design"),
    "unknown unit": ('unit = "y"', 'unit = "furlong"', "unit 'furlong' is not known"),
    "unknown test": ('"at least"', '"about"', "test 'about' is not known"),
    "float": ("value = 18", "value = 18.0", "value is not an exact number"),
    "boolean for a number": ("value = 18", "value = true", "value is not an exact number"),
    "word for a number": ("value = 18", 'value = "many"', "value 'many' is not a number"),
    "infinity": ("value = 18", 'value = "Infinity"', "is not possible in unit 'y'"),
    "not a number": ("value = 18", 'value = "NaN"', "is not possible in unit 'y'"),
    "negative": ("value = 18", "value = -18", "is not possible in unit 'y'"),
    "percent over all": ('value = 18\nunit = "y"', 'value = 101\nunit = "%"', "is not possible in unit '%'"),
    "fraction over one": ('value = 18\nunit = "y"', 'value = "1.1"\nunit = "fraction"', "not possible in unit"),
    "empty list": ("value = 18", "value = []", "or empty"),
    "rising bands": ("value = 18", "value = [1, 2]", "not in falling order"),
    "number for a switch": ('unit = "y"', 'unit = "boolean"', "value is not true or false"),
    "test of a switch": ('value = 18\nunit = "y"', 'value = true\nunit = "boolean"', "test without a number"),
    "choice without choices": ('unit = "y"', 'unit = "choice"', "choices and unit do not fit"),
    "choices of a number": ('unit = "y"', 'unit = "y"\nchoices = ["a"]', "choices and unit do not fit"),
    "choices not a list": ('unit = "y"', 'unit = "choice"\nchoices = "a"', "choices is not a list of texts"),
    "value not a choice": (
        'value = 18\nunit = "y"',
        'value = "c"\nunit = "choice"\nchoices = ["a", "b"]',
        "value 'c' is not a choice",
    ),
    "number for a word": ('unit = "y"', 'unit = "choice"\nchoices = ["a"]', "value is not a word"),
    "date as text": ("reviewed = 2026-11-22", 'reviewed = "2026-11-22"', "reviewed is not a date"),
    "date with time": ("reviewed = 2026-11-22", "reviewed = 2026-11-22T10:00:00Z", "reviewed is not a date"),
    "capital name": ("[adult_age]", "[Adult-Age]", "is not a parameter name"),
    "no table": ("[adult_age]", "adult_age = 18\n[other]", "not a table"),
    "not TOML": ("[adult_age]", "[adult_age", "is not TOML"),
    "twice": ("[adult_age]", "[ferritin_flag]", "is in prognosis.toml too"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_the_loader_refuses(shipped: Path, fault: str) -> None:
    old, new, problem = REFUSED[fault]
    assert old in ADULT
    (shipped / "parameters/zz.toml").write_text(ADULT.replace(old, new, 1), encoding="utf-8")
    spoil(shipped / "parameters/gate.toml", "[adult_age]", "[grown_up_age]")
    spoil(shipped / "parameters/knowledge.toml", '"adult_age"', '"grown_up_age"')
    with pytest.raises(ParameterError) as refusal:
        load_knowledge(shipped=shipped)
    assert refusal.value.file == "zz.toml"
    assert refusal.value.key
    assert problem in refusal.value.problem
    assert refusal.value.remedy.endswith(".")
    assert str(refusal.value).startswith("zz.toml: ")


def test_a_twin_of_one_file_is_refused_by_toml(shipped: Path) -> None:
    (shipped / "parameters/zz.toml").write_text(f"{ADULT}{ADULT}", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"zz\.toml: file: is not TOML"):
        load_knowledge(shipped=shipped)


def test_the_same_table_in_its_right_form_is_accepted(shipped: Path) -> None:
    (shipped / "parameters/zz.toml").write_text(ADULT.replace("adult_age", "other_age"), encoding="utf-8")
    assert load_knowledge(shipped=shipped).number("other_age") == Decimal(18)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.toml: file: cannot be read") as refusal:
        load_knowledge(tmp_path / "nowhere.toml")
    assert "/" not in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("references.toml", 'kind = "design decision"', 'kind = "rumour"', "kind 'rumour' is not known"),
        ("references.toml", 'mark = "PROPOSED"', 'mark = "GUESSED"', "mark 'GUESSED' is not known"),
        ("references.toml", 'where = "sections 1-16"\n', "", "where is missing"),
        ("parameters/knowledge.toml", 'version = "1.1.1"\n', "", "version is missing"),
        ("parameters/knowledge.toml", '"spo2_low"', '"spo2_deep"', "spo2_deep is no parameter"),
        ("parameters/knowledge.toml", '["spo2_low", "spo2_note"]', '"spo2_low"', "chain is not a list of texts"),
        ("parameters/risk.toml", 'value = 90\nunit = "%"', 'value = 96\nunit = "%"', "is smaller than spo2_low"),
        ("card_texts.toml", '"EV-21"', '"EV-99"', "source 'EV-99' is not in references.toml"),
    ],
)
def test_faults_of_the_other_files(shipped: Path, file: str, old: str, new: str, problem: str) -> None:
    spoil(shipped / file, old, new)
    with pytest.raises(ParameterError) as refusal:
        load_knowledge(shipped=shipped)
    assert problem in refusal.value.problem


def test_the_header_holds_nothing_else(shipped: Path) -> None:
    spoil(shipped / "parameters/knowledge.toml", 'version = "1.1.1"\n', 'version = "1.1.1"\ncolour = "red"\n')
    with pytest.raises(ParameterError, match=r"knowledge\.toml: header: unknown key 'colour'"):
        load_knowledge(shipped=shipped)


def test_chains_have_to_be_a_list(shipped: Path) -> None:
    (shipped / "parameters/knowledge.toml").write_text('version = "1"\nascending = "none"\n', encoding="utf-8")
    with pytest.raises(ParameterError, match="is not a list"):
        load_knowledge(shipped=shipped)


def test_a_site_override_is_used_and_recorded(tmp_path: Path, knowledge: Knowledge) -> None:
    changed = load_knowledge(site_file(tmp_path, SITE))
    (override,) = changed.overrides
    assert changed.number("ferritin_flag") == Decimal(700)
    assert (override.name, override.value, override.default) == ("ferritin_flag", "700", "828")
    assert (override.author, override.reason, override.date) == ("A. Author", "local assay", date(2026, 11, 20))
    assert changed.texts.label("flag", "ferritin828") == "Ferritin at or above 700 ng/mL"
    assert (changed.version, changed.sha256) == (knowledge.version, knowledge.sha256)
    assert knowledge.overrides == ()


def test_an_overridden_window_moves(tmp_path: Path) -> None:
    site = SITE.replace("ferritin_flag", "one_month_days").replace('"700"', "28")
    assert load_knowledge(site_file(tmp_path, site)).window("one_month_days").span == timedelta(days=28)


def test_an_empty_site_file_changes_nothing(tmp_path: Path, knowledge: Knowledge) -> None:
    assert load_knowledge(site_file(tmp_path, "")) == knowledge


@pytest.mark.verifies("S5")
@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("ferritin_flag", "ferritin_flg", "no such parameter"),
        ('value = "700"\n', "", "value is missing"),
        ('author = "A. Author"\n', "", "author is missing"),
        ('reason = "local assay"\n', "", "reason is missing"),
        ("date = 2026-11-20\n", "", "date is missing"),
        ('"A. Author"', '""', "author is not a text"),
        ("2026-11-20", '"yesterday"', "date is not a date"),
        ('"700"', "700.5", "value is not an exact number"),
        ('"700"', '"1200"', "is smaller than ferritin_flag"),
        ('"700"', "[700, 600]", "value is a list"),
        ("date =", 'unit = "ng/dL"\ndate =', "unknown key 'unit'"),
        ("[override.ferritin_flag]", "[overrides.ferritin_flag]", "unknown key 'overrides'"),
        ("[override.ferritin_flag]", 'override = "all"\n[other]', "unknown key 'other'"),
    ],
)
def test_a_site_file_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in SITE
    with pytest.raises(ParameterError) as refusal:
        load_knowledge(site_file(tmp_path, SITE.replace(old, new, 1)))
    assert refusal.value.file == "site.toml"
    assert problem in refusal.value.problem


def test_overrides_have_to_be_tables(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"override: is not a table"):
        load_knowledge(site_file(tmp_path, 'override = "all"\n'))


def test_bands_of_a_site_fall(tmp_path: Path) -> None:
    site = SITE.replace("ferritin_flag", "pf_bands")
    given = load_knowledge(site_file(tmp_path, site.replace('"700"', "[250, 150]")))
    assert given.numbers("pf_bands") == (Decimal(250), Decimal(150))
    with pytest.raises(ParameterError, match="bands are not in falling order"):
        load_knowledge(site_file(tmp_path, site.replace('"700"', "[150, 250]")))


def test_the_digest_follows_the_content_alone(shipped: Path, knowledge: Knowledge) -> None:
    assert load_knowledge(shipped=shipped).sha256 == knowledge.sha256
    moved = (shipped / "parameters/gate.toml").read_text(encoding="utf-8")
    (shipped / "parameters/gate.toml").unlink()
    (shipped / "parameters/aa.toml").write_text(f"# moved\n\n\n{moved}\n", encoding="utf-8")
    assert load_knowledge(shipped=shipped).sha256 == knowledge.sha256


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("parameters/gate.toml", "value = 18", "value = 16"),
        ("references.toml", 'n = "20 anti-MDA5 RP-ILD"', 'n = "21 anti-MDA5 RP-ILD"'),
        ("card_texts.toml", "The centre decides.", "The centre will decide."),
        ("parameters/knowledge.toml", "1.1.1", "1.1.2"),
    ],
)
def test_the_digest_tells_every_change(shipped: Path, knowledge: Knowledge, file: str, old: str, new: str) -> None:
    spoil(shipped / file, old, new)
    assert load_knowledge(shipped=shipped).sha256 != knowledge.sha256


ACCESSORS = ("number", "numbers", "window", "word", "words", "truth", "parameter")


def asked_for() -> set[tuple[str, str]]:
    """Every accessor and name, written out in the source of the rules: knowledge.window("…")."""
    calls = (
        node
        for path in sorted(SHIPPED.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ACCESSORS
    )
    return {
        (call.func.attr, each.value)
        for call in calls
        for argument in call.args[:1]
        for each in ([argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument])
        if isinstance(call.func, ast.Attribute) and isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def test_every_name_that_a_rule_reads_is_a_parameter_of_that_type(knowledge: Knowledge) -> None:
    asked = sorted(asked_for())
    assert len(asked) > 50
    for accessor, name in asked:
        assert getattr(knowledge, accessor)(name) is not None


def test_every_parameter_stands_in_a_file_once() -> None:
    names = [
        name
        for path in sorted((SHIPPED / "parameters").glob("*.toml"))
        if path.name != "knowledge.toml"
        for name in tomllib.loads(path.read_text(encoding="utf-8"))
    ]
    assert len(names) == len(set(names)) == len(load_knowledge().parameters)


def test_references_are_printed_with_their_year(knowledge: Knowledge) -> None:
    assert knowledge.reference("PROG-1").cited == "Gono: ferritin at admission (2012)"
    assert knowledge.reference("DEF-2").cited == "Four-condition definition of rapidly progressive ILD"


def test_a_cohort_is_printed_with_its_size(knowledge: Knowledge) -> None:
    assert knowledge.reference("PROG-6").cohort == "Predictors of death and RP-ILD in 116 patients (2022), n = 116"
    assert knowledge.reference("SKIN-1").cohort == "Inverse Gottron sign"
