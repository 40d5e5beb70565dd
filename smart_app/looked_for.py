"""What a reader may look for beyond the criteria: skin signs, conditions of AIP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rpild_rules.concepts import SKIN_SIGNS
from rpild_rules.diagnoses import having
from rpild_rules.findings import MET, UNKNOWN, Status, all_of
from rpild_rules.rows import AipStatement, Statement
from smart_app.ages import dated
from smart_app.page_texts import page_texts

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

SKIN = SKIN_SIGNS | {"raynaud"}
UNIQUE_SIGN = "SKIN-1"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of acute interstitial pneumonia and how it stands."""

    text: str
    status: Status
    known_from: str


@dataclass(frozen=True, slots=True)
class LookedFor:
    """Skin and vessel signs found in the record, and what to look for; AIP where it may be one."""

    skin_found: tuple[str, ...]
    skin_read: bool
    unique_sign: str
    aip: tuple[Condition, ...]


def find_looked_for(s: Situation) -> LookedFor:
    """Beyond the criteria, for a patient in scope."""
    found = sorted(having(s.facts, SKIN), key=lambda d: d.printed)
    sign = s.knowledge.tables.row(Statement, UNIQUE_SIGN)
    return LookedFor(
        tuple(f"{d.printed}, {dated(d.onset or d.recorded, s.now).words}" for d in found), s.facts.read("E-COND"),
        f"{sign.title}: {sign.text}", tuple(_aip(s)) if s.in_context("noCtd") else (),
    )  # fmt: skip


def _aip(s: Situation) -> Iterator[Condition]:
    """The four needed conditions; what only tissue can show is never known here."""
    acute = all_of((s.found["onsetWithinOneMonth"].status, s.found["respiratoryFailure"].status))
    stands = {
        "AIP-1": acute,
        "AIP-2": MET if s.infiltrates else UNKNOWN,
        "AIP-3": MET if s.causes_excluded else UNKNOWN,
    }
    for row in s.knowledge.tables.of(AipStatement).values():
        if row.needed:
            yield Condition(row.text, stands.get(row.id, UNKNOWN), page_texts().label("aip", row.id))
