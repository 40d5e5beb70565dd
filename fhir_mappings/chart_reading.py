"""From an EHR's answers to one chart, in two steps: what the gate asks first, the rest only for those who pass.

A hook call and a page read the same way; an irrelevant patient costs the gate's keys only (rulings 4). Nothing is
decoded twice, but for a laboratory that was only skimmed at the gate. Where a diagnosis opens the gate, the laboratory
is not looked at before the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fhir_mappings.chart import Chart, ChartContext, decode_in, read_chart
from fhir_mappings.code_tables import membership
from fhir_mappings.decode import Decoded
from fhir_mappings.mixed import MEDICATIONS
from fhir_mappings.queries import GATE_KEYS, KEYS, REQUIRED_KEYS, keys_of
from fhir_mappings.reads import Answer, Pages
from rpild_rules.concepts import MYOSITIS_PROVEN
from rpild_rules.gate import open_gate, opened_by_diagnosis
from rpild_rules.knowledge import Knowledge
from rpild_rules.until_now import until_now
from rpild_rules.when import When

# A search that hangs while the gate is read must leave time for the rest.
GATE_SHARE = 0.5
LABORATORY = "laboratory"


class Source(Protocol):
    """Where the answers come from; `answers` holds those of the keys read so far."""

    @property
    def answers(self) -> Mapping[str, Answer]: ...

    def read(self, keys: Iterable[str], share: float = 1.0) -> None:
        """Answer these keys, spending at most this share of what is left of the time."""
        ...

    def require(self, keys: Iterable[str]) -> None:
        """Raise an error of its own unless each of these keys was read."""
        ...

    def read_each(self, references: Iterable[str]) -> Pages | None:
        """Single resources by `Type/id`, as many as could be read; None when there is nothing to read or no access."""
        ...


@dataclass(slots=True)
class ChartReading:
    """The reading of one patient's chart; `decoded` keeps each key's resources once they are read."""

    reading: Source
    context: ChartContext
    knowledge: Knowledge
    decoded: dict[str, Decoded] = field(default_factory=dict)

    def read(self) -> Chart:
        """The chart as far as the gate allows; raises what `require` does, and OtherPatientError."""
        self.reading.read(GATE_KEYS, GATE_SHARE)
        self.reading.require(REQUIRED_KEYS)
        if not self._opened_by_diagnosis():
            chart, needs = self._at_the_gate()
            if needs:
                self.reading.read(keys_of(needs), GATE_SHARE)
                chart, needs = self._at_the_gate()
            if needs is not None:
                return chart
        self.reading.read(KEYS)
        return self._with_medications(self._chart())

    def _opened_by_diagnosis(self) -> bool:
        self._decode(gate=True, leaving=LABORATORY)
        codes = (each.code for each in self.decoded["conditions"].resources if each.code is not None)
        told = {(coding.system, coding.code) for code in codes for coding in code.coding}
        if all(MYOSITIS_PROVEN.isdisjoint(membership(*each).concepts) for each in told):
            return False
        chart = read_chart(self.decoded, self.context, gate=True)
        return opened_by_diagnosis(chart.facts, self.knowledge, self.context.now)

    def _at_the_gate(self) -> tuple[Chart, frozenset[str] | None]:
        """The gate's chart, and None if it opens, else the elements not read yet that could still open it."""
        chart = self._chart(gate=True)
        at = When.at(self.context.now, self.context.zone)
        gate = open_gate(until_now(chart.facts, at), self.knowledge, self.context.now)
        return chart, None if gate.passed else gate.needs

    def _chart(self, gate: bool = False) -> Chart:
        self._decode(gate)
        return read_chart(self.decoded, self.context, gate)

    def _decode(self, gate: bool, leaving: str = "") -> None:
        for key, answer in self.reading.answers.items():
            if key != leaving and (key not in self.decoded or (self.decoded[key].skimmed and not gate)):
                self.decoded[key] = decode_in(self.context, key, answer, gate)

    def _with_medications(self, chart: Chart) -> Chart:
        """The chart with the drugs that it only refers to, read by id where the EHR lets us (rulings 3)."""
        found = self.reading.read_each(chart.unresolved)
        if found is None:
            return chart
        self.decoded[MEDICATIONS] = decode_in(self.context, MEDICATIONS, found)
        return read_chart(self.decoded, self.context)
