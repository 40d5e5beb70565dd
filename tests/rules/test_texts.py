"""The card texts: the contract's topics and indicators, the decisions' summaries, and words that no card may say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rpild_rules.findings import Reason
from rpild_rules.knowledge import load_knowledge
from rpild_rules.strict_toml import ParameterError
from rpild_rules.texts import FILE, Texts, load_texts

FORBIDDEN = re.compile(
    r"\b(excluded?|must|mortality|probability|risk score|oxygenation index|immediately|survival of|will die|"
    r"not a candidate|is a candidate|diagnos(?:es|ed))\b|\d\s*mg\b(?!/d?L)|mg/kg|mg/m2|<|>",
    re.IGNORECASE,
)
WITHOUT_WAITING = {"ecmoTransplant", "steroidOnly", "avoidForInduction"}
WITHOUT_ALTERNATIVE = {
    "possibleInfection", "pregnancyCheck", "cniSafety", "preImmunosuppressionScreen", "pjpProphylaxis", "cytopenia",
    "jakiRisk", "steroidOnly",
}  # fmt: skip
REASONS = [
    "alreadyAddressed", "awaitingResults", "alternativeDiagnosis", "notAppropriate", "specialistDecision", "dataWrong",
]  # fmt: skip
ITEMS = {
    "arterial-gas", "lung-function", "hrct", "ferritin", "ldh", "crp", "cbc", "ck", "alt", "ast", "creatinine",
    "potassium", "magnesium", "cni-trough",
    "myositis-panel", "kl6", "il6", "blood-culture", "respiratory-culture", "viral-pcr", "pjp-test", "hbsag",
    "anti-hbc", "hcv", "hiv", "igra", "igg", "hcg", "cmv-pcr", "bal", "rheumatology-consult", "pulmonology-consult",
    "transplant-referral", "ecmo-consult",
}  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_knowledge().texts


def said(texts: Texts) -> Iterator[str]:
    """Every text that can reach a card."""
    for topic in texts.topics.values():
        yield from (topic.title, topic.summary, *topic.variants.values(), *topic.lines.values())
    for section in texts.sections.values():
        yield from section.values()
    yield from (*texts.causes, *texts.unknown_to_tool)


def test_every_topic_of_the_contract_has_its_indicator(texts: Texts, shared: Path) -> None:
    contract = (shared / "design/contract.md").read_text(encoding="utf-8").split("## Card topics")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (critical|warning|info) \|", contract, re.MULTILINE))
    assert {code: topic.indicator for code, topic in texts.topics.items()} == rows


def test_the_summaries_are_those_of_the_decisions(texts: Texts, shared: Path) -> None:
    decisions = (shared / "clinical/decisions.md").read_text(encoding="utf-8")
    table = decisions.split("Summaries and indicators")[1].split("A variant row wins")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")
    ]
    wanted: dict[str, list[str]] = {}
    for name, _, summary in rows:
        wanted.setdefault(name.split("`")[1], []).append(summary)
    assert {code: [topic.summary, *topic.variants.values()] for code, topic in texts.topics.items()} == wanted


def test_summaries_fit_the_specification(texts: Texts) -> None:
    for topic in texts.topics.values():
        for summary in (topic.summary, *topic.variants.values()):
            assert 1 <= len(summary) <= 139, topic.code


def test_no_text_says_what_the_tool_must_never_claim(texts: Texts) -> None:
    assert [text for text in said(texts) if FORBIDDEN.search(text)] == []


def test_the_watch_on_forbidden_words_can_fail() -> None:
    for text in ("Infection is excluded", "Give 60 mg daily", "You must treat", "P/F < 80", "mortality 40 %"):
        assert FORBIDDEN.search(text), text


def test_override_reasons_are_offered_where_they_make_sense(texts: Texts) -> None:
    for code, topic in texts.topics.items():
        left_out = {"awaitingResults"} if code in WITHOUT_WAITING else set()
        left_out |= {"alternativeDiagnosis"} if code in WITHOUT_ALTERNATIVE else set()
        assert list(topic.override_reasons) == [reason for reason in REASONS if reason not in left_out], code
    assert list(texts.sections["override"]) == REASONS


def test_every_item_of_the_work_up_has_a_label(texts: Texts) -> None:
    assert set(texts.sections["item"]) == ITEMS


def test_every_reason_and_criterion_is_worded(texts: Texts) -> None:
    assert set(texts.sections["reason"]) == {reason.value for reason in Reason}
    assert set(texts.sections["criterion"]) <= set(texts.sections["remedy"])
    assert set(texts.sections["flag"]) == set(texts.sections["flag_source"])


def test_the_first_listed_variant_wins(texts: Texts) -> None:
    topic = texts.topic("refractoryOptions")
    assert topic.summary_for() == topic.summary
    assert topic.summary_for(["worseningSigns", "careLimited"]) == topic.variants["careLimited"]
    assert topic.summary_for(["worseningSigns"]) == topic.variants["worseningSigns"]
    assert topic.summary_for(["unheardOf"]) == topic.summary


def words_asked_for() -> Iterator[tuple[str, list[str], set[str]]]:
    """Every text that the rules name in full: the accessor, its first two words, the blanks that are given."""
    for path in sorted(FILE.parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            blanks = {each.arg for each in node.keywords if each.arg}
            if node.func.attr in {"say", "line"} and len(words) == 2 and all(each.arg for each in node.keywords):
                yield node.func.attr, words, blanks


def test_every_text_that_a_rule_says_exists_with_those_blanks(texts: Texts) -> None:
    asked = list(words_asked_for())
    assert len(asked) > 30
    for accessor, (first, key), blanks in asked:
        table = texts.sections[first] if accessor == "say" else texts.topic(first).lines
        assert set(re.findall(r"{(\w+)}", table[key])) == blanks, f"{first}.{key}"


def test_blanks_are_filled_once(texts: Texts) -> None:
    assert texts.say("common", "also", summary="{work} left") == "Also: {work} left"
    assert texts.line("pregnancyCheck", "found", facts="hCG positive") == "Found: hCG positive."


def test_a_parameter_in_a_text_is_its_value_in_force(texts: Texts) -> None:
    assert "under 80 for more than 6 h" in texts.line("ecmoTransplant", "limits")
    assert "{ecmo_pf}" in load_texts().topics["ecmoTransplant"].lines["limits"]


def test_a_label_nobody_wrote_is_the_key(texts: Texts) -> None:
    assert texts.label("item", "ferritin") == "Ferritin"
    assert texts.label("item", "unheard-of") == "unheard-of"


@pytest.mark.parametrize(
    "ask",
    [
        lambda texts: texts.topic("noSuchTopic"),
        lambda texts: texts.line("workup", "noSuchLine"),
        lambda texts: texts.say("noSuchSection", "key"),
        lambda texts: texts.say("common", "also"),
    ],
)
def test_a_text_that_is_not_there_is_named(texts: Texts, ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ParameterError, match=r"card_texts\.toml"):
        ask(texts)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("summary_limit = 139", 'summary_limit = "139"', "wrong kind"),
        ("summary_limit = 139", "summary_limit = 60", "is too long or has a blank"),
        ("Steroid-only order", "Steroid-only order of {drug}", "is too long or has a blank"),
        ('indicator = "info"', 'indicator = "red"', "indicator 'red' is not known"),
        ("{summary}", "{summary.format}", "is not a name"),
        ('also = "Also: {summary}"', 'also = ""', "also is not a text"),
        ('[foot]\nrole = "', '[feet]\nrole = "', "foot is missing"),
        ("[topic.workup]\ntitle", "[topic.workup]\nname", "title is missing"),
        ("[stage]\nout", '[stage]\nA = "A"\n[stages]\nout', "unknown key 'stages'"),
        ("[topic.workup]\ntitle", "[topic.workup]\ncolour = 1\ntitle", "unknown key 'colour'"),
    ],
)
def test_faulty_texts_are_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "card_texts.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ParameterError) as refusal:
        load_texts(file=file)
    assert problem in refusal.value.problem


def test_a_section_has_to_be_a_table(tmp_path: Path) -> None:
    lines = FILE.read_text(encoding="utf-8").split("[stage]")
    file = tmp_path / "card_texts.toml"
    file.write_text(f"stage = 1\n{lines[0]}[reason]{lines[1].split('[reason]')[1]}", encoding="utf-8")
    with pytest.raises(ParameterError, match="stage: is not a table"):
        load_texts(file=file)
