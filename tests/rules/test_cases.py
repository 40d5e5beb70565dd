"""Runs every case of tests/cases: a chart in a few lines, and what the rules must conclude from it.

A file may open with `common` (lines put before every chart; a case drops them with `common = false`). A case has
`name`, `chart`, optional `age`, `sex`, `hook`, `max_cards`, `site` (a site's own parameter values), `zone` (site time
zone) and `expect`, all of whose keys must hold:

- a criterion, flag or definition: `fvcDecline = "met"`, `dlcoDecline = "unknown:no-baseline"` (any further finding of
  the situation too: `dyspnoeaShown`, `ctWorsening`, `ctWorsening92`, `onsetFirstSymptom`);
- `context`, `stage`, `kurasawa` (number met), `gate` ("" = passed, else "G1" ..), `doors`, `weak_gate`;
- `cards` (exactly, in order, as the hook sends them), `present`, `absent`, `items` (suggested, over all cards sent),
  `missing` (["id:reason"], each must be there);
- `says`, `never`: words in the summary or detail of a card sent (`says` may leave out the age behind a date);
- `reasons`: {id = ["every reason of an unknown"]}; `basis`: {id = "words of its because"};
  `evidence`: {id = ["the records it rests on"]};
- an attribute of the situation: `episode.treated_now = true`, `mda5.state = "pending"`, `risk = false` (empty),
  `episode.latch.on = "2026-11-20 10:00"`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rpild_rules.assess import assess
from rpild_rules.assessment import Assessment, Recommendation
from rpild_rules.contract import as_contract
from rpild_rules.findings import Finding
from rpild_rules.knowledge import Knowledge, load_knowledge
from rpild_rules.recommend import Call, choose
from tests.rules.charts import NOW, chart

FOLDER = Path(__file__).resolve().parent.parent / "cases"
Case = dict[str, Any]
AGE = re.compile(r", (?:today|1 day ago|\d+ (?:days|h|min) ago|in the future)")


@cache
def shipped() -> Knowledge:
    return load_knowledge()


def knowledge_of(values: dict[str, Any], folder: Path) -> Knowledge:
    """The shipped knowledge with a site's own values, read from a file as a site would give them."""
    if not values:
        return shipped()
    signed = 'author = "Test"\nreason = "case"\ndate = 2026-11-01\n'
    tables = (f"[override.{name}]\nvalue = {_toml(value)}\n{signed}" for name, value in values.items())
    file = folder / "site.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    return load_knowledge(file)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        assert set(content) <= {"common", "case"}, f"{path.name}: unknown keys {sorted(set(content))}"
        for case in content["case"]:
            lines = content.get("common", []) if case.get("common", True) else []
            yield pytest.param(lines, case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize(("common", "case"), list(cases()))
def test_case(common: list[str], case: Case, tmp_path: Path) -> None:
    known = {"name", "chart", "common", "age", "sex", "hook", "max_cards", "site", "zone", "expect"}
    assert set(case) <= known, f"unknown keys {sorted(set(case) - known)}"
    assert case["expect"], "a case that expects nothing cannot fail"
    options = {key: case[key] for key in ("age", "sex") if key in case}
    if "zone" in case:
        options["zone"] = ZoneInfo(case["zone"])
    result = assess(chart(*common, *case["chart"], **options), knowledge_of(case.get("site", {}), tmp_path), NOW)
    sent, _ = choose(result, Call(case.get("hook", ""), case.get("max_cards")))
    outcome = Outcome(result, sent)
    wrong = [line for key, wanted in case["expect"].items() for line in outcome.differences(key, wanted)]
    assert wrong == [], "\n".join(wrong)


class Outcome:
    """What one chart led to, and how it is compared."""

    def __init__(self, result: Assessment, sent: tuple[Recommendation, ...]) -> None:
        self.result = result
        self.sent = sent
        self.text = "\n".join(_text(card) for card in sent)
        self.ageless = AGE.sub("", self.text)
        self.found: dict[str, Finding] = dict(result.situation.found) if result.situation else {}
        self.json = as_contract(result, tuple(card.topic for card in sent))

    def differences(self, key: str, wanted: Any) -> Iterator[str]:
        judge: Callable[[Any], Iterator[str]] | None = getattr(self, f"_judge_{key}", None)
        if judge:
            yield from judge(wanted)
        elif key in self.found:
            yield from self._finding(self.found[key], wanted)
        else:
            yield from self._attribute(key, self._start(key), wanted)

    def _finding(self, finding: Finding, wanted: str) -> Iterator[str]:
        status, _, reason = wanted.partition(":")
        reasons = sorted(finding.reasons)
        if finding.status != status or (reason and reason not in reasons):
            yield f"{finding.id} is {finding.status} {reasons}, not {wanted}: {finding.because}"
        if finding.unknown != bool(finding.missing):
            yield f"{finding.id} is {finding.status} and misses {finding.missing}"

    def _start(self, key: str) -> Any:
        assert self.result.situation, f"out of scope by {self.result.gate.failed}: {key} cannot be checked"
        return getattr(self.result.situation, key)

    def _attribute(self, path: str, value: Any, wanted: Any) -> Iterator[str]:
        if isinstance(wanted, dict):
            for name, inner in wanted.items():
                yield from self._attribute(f"{path}.{name}", getattr(value, name), inner)
            return
        shown = _plain(value, wanted)
        if shown != wanted:
            yield f"{path} is {shown!r}, not {wanted!r}: {value!r}"

    def _judge_context(self, wanted: str) -> Iterator[str]:
        if self.result.context != wanted:
            yield f"context is {self.result.context}, not {wanted}"

    def _judge_stage(self, wanted: str) -> Iterator[str]:
        if self.result.stage != wanted:
            yield f"stage is {self.result.stage}, not {wanted}"

    def _judge_gate(self, wanted: str) -> Iterator[str]:
        if self.result.gate.failed != wanted:
            yield f"gate is {self.result.gate.failed!r}, not {wanted!r}"

    def _judge_doors(self, wanted: list[str]) -> Iterator[str]:
        if sorted(self.result.gate.doors) != sorted(wanted):
            yield f"doors are {sorted(self.result.gate.doors)}, not {wanted}"

    def _judge_weak_gate(self, wanted: bool) -> Iterator[str]:
        if self.result.gate.weak != wanted:
            yield f"the gate is weak: {self.result.gate.weak}, doors {sorted(self.result.gate.doors)}"

    def _judge_kurasawa(self, wanted: int) -> Iterator[str]:
        if self.json["kurasawa"]["met"] != wanted:
            yield f"kurasawa is {self.json['kurasawa']}, not {wanted}"

    def _judge_cards(self, wanted: list[str]) -> Iterator[str]:
        if self.json["cards"] != wanted:
            yield f"cards are {self.json['cards']}, not {wanted}"

    def _judge_present(self, wanted: list[str]) -> Iterator[str]:
        yield from (f"{topic} is not sent" for topic in wanted if topic not in self.json["cards"])

    def _judge_absent(self, wanted: list[str]) -> Iterator[str]:
        yield from (f"{topic} is sent" for topic in wanted if topic in self.json["cards"])

    def _judge_items(self, wanted: list[str]) -> Iterator[str]:
        offered = sorted({item for card in self.sent for item in card.items})
        if offered != sorted(wanted):
            yield f"items are {offered}, not {sorted(wanted)}"

    def _judge_missing(self, wanted: list[str]) -> Iterator[str]:
        given = {f"{each['criterion']}:{each['reason']}" for each in self.json["missing"]}
        yield from (f"{each} is not among {sorted(given)}" for each in wanted if each not in given)

    def _judge_says(self, wanted: list[str]) -> Iterator[str]:
        said = self.text + self.ageless
        yield from (f"no card says {words!r}:\n{self.text}" for words in wanted if words not in said)

    def _judge_never(self, wanted: list[str]) -> Iterator[str]:
        yield from (f"a card says {words!r}:\n{self.text}" for words in wanted if words in self.text)

    def _judge_basis(self, wanted: dict[str, str]) -> Iterator[str]:
        for id, words in wanted.items():
            if words not in self.found[id].because:
                yield f"{id} is based on {self.found[id].because!r}, not {words!r}"

    def _judge_reasons(self, wanted: dict[str, list[str]]) -> Iterator[str]:
        for id, reasons in wanted.items():
            if sorted(self.found[id].reasons) != sorted(reasons):
                yield f"{id} is unknown by {sorted(self.found[id].reasons)}, not {reasons}"

    def _judge_evidence(self, wanted: dict[str, list[str]]) -> Iterator[str]:
        for id, records in wanted.items():
            if sorted(self.found[id].evidence) != sorted(records):
                yield f"{id} rests on {self.found[id].evidence}, not {records}"


def _text(card: Recommendation) -> str:
    return "\n".join((card.summary, *(line for part in card.sections for line in (part.title, *part.lines))))


def _plain(value: Any, wanted: Any) -> Any:
    """The value in the form in which a case writes it: truth for true and false, words for words."""
    if isinstance(wanted, bool):
        return bool(value)
    if isinstance(wanted, list):
        return [_plain(each, "") for each in value]
    if isinstance(wanted, str):
        return str(getattr(value, "printed", getattr(value, "value", "" if value is None else value)))
    return value
