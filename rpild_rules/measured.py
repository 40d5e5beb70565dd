"""Results as rules see them: numbers in the canonical unit of their concept, and answers in words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from rpild_rules.findings import Reason
from rpild_rules.values import value
from rpild_rules.when import FIRST_INSTANT, When

VALID_STATUSES = frozenset({"final", "amended", "corrected"})
REVISED_STATUSES = frozenset({"amended", "corrected"})
PENDING_STATUSES = frozenset({"registered", "preliminary"})
NEVER = When.at(FIRST_INSTANT, UTC)


@value(frozen=True, slots=True)
class Measurement:
    """One numeric result in the canonical unit of its concept.

    `value` is None when it could not be read; `problem` then says why. `printed` is value and unit as sent.
    `code` is the code that matched (like is compared with like). `groups` are the report, specimen and panel it came
    with. `estimated` marks an inspired oxygen fraction that was not measured. `variant` is `pre`, `post`
    (bronchodilator), `room-air` (pulse oximetry) or empty. `when` is None when the chart gives no time at all.
    """

    concept: str
    code: str
    when: When | None
    value: Decimal | None
    unit: str
    printed: str
    status: str
    reference: str
    comparator: str = ""
    issued: When | None = None
    problem: Reason | None = None
    variant: str = ""
    estimated: bool = False
    groups: frozenset[str] = frozenset()

    @property
    def valid(self) -> bool:
        return self.status in VALID_STATUSES


def recency(m: Measurement) -> tuple[bool, datetime, datetime, datetime, str]:
    """Sort key: undated first, then older to newer; of the same end the later start, then the later issued, then the
    higher id (K5)."""
    when = m.when or NEVER
    return when is not NEVER, when.latest, when.earliest, m.issued.latest if m.issued else when.latest, m.reference


class Meaning(StrEnum):
    """What a qualitative result says, by the laboratory's own words, flags or reference range."""

    POSITIVE = "positive"
    WEAK = "weak"
    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    UNREADABLE = "unreadable"


@value(frozen=True, slots=True)
class TestResult:
    """One qualitative result (antibody, culture, screen). `organism` is the text of a culture's finding, `specimen`
    its source.

    Concept `myositis-panel` stands for a report recognised as a panel by its members or its name.
    """

    concept: str
    meaning: Meaning
    when: When | None
    status: str
    printed: str
    reference: str
    issued: When | None = None
    organism: str = ""
    specimen: str = ""

    @property
    def valid(self) -> bool:
        return self.status in VALID_STATUSES

    @property
    def pending(self) -> bool:
        return self.status in PENDING_STATUSES
