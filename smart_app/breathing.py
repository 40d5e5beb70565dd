"""The breathing support in use: it comes first in the headline, and it decides what can be asked for at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpild_rules.concepts import MECHANICAL
from rpild_rules.support import in_use

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation
    from rpild_rules.facts import Support

VENTILATOR = "invasive-ventilation"
AT_THE_BEDSIDE = frozenset({VENTILATOR, "ecmo"})  # who needs these is not moved to a scanner lightly


def support_of(s: Situation) -> Support | None:
    """The newest support that runs now: ECMO, ventilation, high-flow oxygen."""
    return next(iter(in_use(s.facts, MECHANICAL | {"ecmo"}, s.now, s.knowledge.window("blind_hours"))), None)
