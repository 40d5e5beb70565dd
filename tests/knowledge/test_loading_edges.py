"""What loading must not lose: windows in days or hours, places of rows, truths, years of sources, faulty entries."""

from __future__ import annotations

import shutil
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from rpild_rules import rows, trends
from rpild_rules.knowledge import SHIPPED, Knowledge, ParameterError, load_knowledge
from rpild_rules.references import Reference
from rpild_rules.strict_toml import Place
from rpild_rules.texts import FILE, load_texts
from rpild_rules.trends import Marker
from rpild_rules.when import Window


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("one_month_days", Window(timedelta(days=31), True)),
        ("blind_hours", Window(timedelta(hours=24), False)),
        ("conflict_minutes", Window(timedelta(minutes=60), False)),
    ],
)
def test_days_are_days_of_the_calendar_and_hours_are_not(knowledge: Knowledge, name: str, window: Window) -> None:
    assert knowledge.window(name) == window


def test_a_fraction_is_one_at_most_and_a_percentage_a_hundred(tmp_path: Path) -> None:
    for name, value in (("icu_fio2", "1"), ("spo2_low", "95")):
        assert str(load_knowledge(_site(tmp_path, name, value)).number(name)) == value
    for name, value in (("icu_fio2", "1.01"), ("fvc_fall_pct", "100.5")):
        with pytest.raises(ParameterError, match="is not possible in unit"):
            load_knowledge(_site(tmp_path, name, value))


def _site(folder: Path, name: str, value: str) -> Path:
    file = folder / "site.toml"
    signed = 'author = "A. Author"\nreason = "a test"\ndate = 2026-11-20\n'
    file.write_text(f'[override.{name}]\nvalue = "{value}"\n{signed}', encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("title", "year", "cited"),
    [
        ("Author: a cohort", "2018", "Author: a cohort (2018)"),
        ("Author 2018: a cohort", "2018", "Author 2018: a cohort"),
        ("Author: a cohort", "", "Author: a cohort"),
    ],
)
def test_a_source_is_cited_with_its_year_once(title: str, year: str, cited: str) -> None:
    assert Reference(id="X-1", title=title, kind="cohort", where="p. 1", mark="SEED", year=year).cited == cited


def test_a_row_that_is_a_reference_has_its_place_and_mark(knowledge: Knowledge) -> None:
    for row in knowledge.tables.of(rows.Evidence).values():
        reference = knowledge.reference(row.id)
        assert (row.where, row.mark, row.source) == (reference.where, reference.mark, row.id)


def test_truths_are_those_of_the_file(knowledge: Knowledge) -> None:
    written = tomllib.loads((SHIPPED / "tables/aip.toml").read_text(encoding="utf-8"))["aip"]
    needed = {id: row.get("needed", False) for id, row in written.items()}
    assert {id: row.needed for id, row in knowledge.tables.of(rows.AipStatement).items()} == needed
    assert set(needed.values()) == {True, False}


def test_a_dose_without_any_source_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "rules"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (copy / "tables/zz.toml").write_text('[dose.RX-99]\ndrug = "a drug"\npublished = []\n', encoding="utf-8")
    with pytest.raises(ParameterError, match=r"dose\.RX-99: published is not a list of tables"):
        load_knowledge(shipped=copy)


def _texts(folder: Path, text: str) -> Path:
    file = folder / "card_texts.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_topics_have_to_be_tables(tmp_path: Path) -> None:
    sections, _, _ = FILE.read_text(encoding="utf-8").partition("[topic.")
    with pytest.raises(ParameterError, match="topic or summary_limit is of the wrong kind"):
        load_texts(file=_texts(tmp_path, f"topic = []\n{sections}"))


def test_a_variant_of_a_summary_is_no_longer_than_the_summary_may_be(tmp_path: Path) -> None:
    shipped = FILE.read_text(encoding="utf-8")
    variant = next(text for topic in load_texts().topics.values() for text in topic.variants.values())
    with pytest.raises(ParameterError, match="is too long or has a blank"):
        load_texts(file=_texts(tmp_path, shipped.replace(f'"{variant}"', f'"{variant * 2}"', 1)))


PLACE = Place("trends.toml", "marker.3")
MARKER = {"concept": "ldh", "title": "LDH", "thresholds": ["ldh_flag"]}


@pytest.mark.parametrize("key", ["concept", "title", "thresholds"])
def test_a_marker_without_one_of_its_keys_is_refused(key: str) -> None:
    assert trends._marker(PLACE, MARKER) == Marker("ldh", "LDH", ("ldh_flag",))
    with pytest.raises(ParameterError, match=rf"trends\.toml: marker\.3: {key} is missing"):
        trends._marker(PLACE, {name: value for name, value in MARKER.items() if name != key})


def test_the_fault_of_a_marker_names_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "trends.toml"
    file.write_text('[[marker]]\nconcept = "ldh"\ntitle = "LDH"\nthresholds = []\n[[marker]]\ntitle = "x"\n', "utf-8")
    monkeypatch.setattr(trends, "FILE", file)
    trends.markers.cache_clear()
    try:
        with pytest.raises(ParameterError, match=r"trends\.toml: marker\.2: concept is missing"):
            trends.markers()
    finally:
        trends.markers.cache_clear()
