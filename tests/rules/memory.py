"""An alert memory for tests: what a call sends is remembered, as a running service would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rpild_rules.assess import assess
from rpild_rules.fatigue import Alert, Remembered, to_remember
from rpild_rules.knowledge import Knowledge
from rpild_rules.recommend import Call, decide
from tests.rules.charts import NOW, chart
from tests.rules.test_cases import shipped

VIEW = "patient-view"
OPENED = Call(VIEW)


@dataclass
class Memory:
    """Alerts by (user, topic, fingerprint). `see` makes a call and remembers what it sent."""

    on: bool = True
    kept: dict[tuple[str, str, str], Alert] = field(default_factory=dict)

    def remembered(self, user: str) -> Remembered:
        return Remembered(self.on, tuple(replace(alert, own=owner == user) for (owner, *_), alert in self.kept.items()))

    def see(
        self,
        *lines: str,
        hours: float = 0,
        user: str = "a",
        call: Call = OPENED,
        knowledge: Knowledge | None = None,
        flags: Sequence[str] = (),
    ) -> list[str]:
        """The topics sent, so many hours after NOW; the chart's own times stay."""
        at = NOW + timedelta(hours=hours)
        assessment = assess(chart(*lines, flags=frozenset(flags)), knowledge or shipped(), at)
        before = self.remembered(user)
        sent = decide(assessment, call, before).sent
        for shown in to_remember(sent, assessment, before):
            key = user, shown.topic, shown.fingerprint
            alert = Alert(shown.topic, shown.fingerprint, True, shown.marks, at)
            old = self.kept.get(key)
            self.kept[key] = replace(alert, override=old.override, overridden=old.overridden) if old else alert
        return [r.topic for r in sent]

    def override(self, topic: str, reason: str, user: str = "a", hours: float = 0) -> None:
        """A user's answer to a card."""
        when: datetime = NOW + timedelta(hours=hours)
        for key, alert in list(self.kept.items()):
            if key[:2] == (user, topic):
                self.kept[key] = replace(alert, override=reason, overridden=when)
