"""Units without codes, and the age behind every date."""

from __future__ import annotations

from datetime import UTC

import pytest

from fhir_mappings.code_tables import read_table
from rpild_rules.knowledge import load_knowledge
from rpild_rules.plain_words import plain_words
from rpild_rules.when import When
from tests.rules.charts import NOW

KNOWLEDGE = load_knowledge()
AT = When.at(NOW, UTC)  # 2026-11-24 10:00


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("FVC 3.00 L on 2026-11-01 12:07, then", "FVC 3.00 L on 2026-11-01, 23 days ago, then"),
        ("on 2026-11-22 10:01: low", "on 2026-11-22, 2 days ago: low"),
        ("on 2026-11-23 10:00: low", "on 2026-11-23 10:00, 24 h ago: low"),
        ("on 2026-11-24 09:01.", "on 2026-11-24 09:01, 59 min ago."),
        ("on 2026-11-24 09:00.", "on 2026-11-24 09:00, 1 h ago."),
        ("since 2026-11-24", "since 2026-11-24, today"),
        ("(2026-11-23)", "(2026-11-23, 1 day ago)"),
        ("on 2026-11-24 10:05", "on 2026-11-24 10:05, in the future"),
        ("on 2026-11-29", "on 2026-11-29, in the future"),
        ("2026-10 or 2026", "2026-10 or 2026"),
        ("lot 2026-19-40", "lot 2026-19-40"),
        ("Observation/2026-11-01 and x-2026-11-01", "Observation/2026-11-01 and x-2026-11-01"),
        ("PaO2 72 mm[Hg], DLCO 21 mL/min/mm[Hg]", "PaO2 72 mmHg, DLCO 21 mL/min/mmHg"),
        ("temperature 38.5 Cel; 0.4 10*9/L", "temperature 38.5 °C; 0.4 10^9/L"),
        ("eGFR 39 mL/min/{1.73_m2}", "eGFR 39 mL/min/1.73 m²"),
        ("CellCept 500 CellCept", "CellCept 500 CellCept"),
    ],
)
def test_a_line_as_people_read_it(line: str, read: str) -> None:
    assert plain_words(line, AT, KNOWLEDGE) == read


def test_the_accepted_units_are_those_of_the_unit_tables() -> None:
    concepts = read_table("units")["concept"]
    for concept, words in KNOWLEDGE.texts.sections["accepted"].items():
        units = [plain_words(f"1 {unit}", AT, KNOWLEDGE)[2:] for unit in concepts[concept]["factors"] if unit]
        wanted = [each for each in units if each != "1"]
        assert [each for each in wanted if each not in words] == [], concept
        assert words.count(" or ") + words.count(",") < len(concepts[concept]["factors"]), concept


def test_every_measured_input_of_criteria_and_flags_names_its_units() -> None:
    labels = KNOWLEDGE.texts.sections["input"].keys() - {
        "kl6",
        "ph-arterial",
        "encounter",
        "ct-chest",
        "cxr",
        "attestation",
    }
    assert labels <= KNOWLEDGE.texts.sections["accepted"].keys()
