"""What an examination of an EHR concludes: one finding for each thing seen, how grave it is, what to paste where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `setting` is a line for the EHR's record (`[[ehrs]]`), `mapping` rows for the site mapping."""

    level: Level
    part: str
    text: str
    remedy: str = ""
    setting: str = ""
    mapping: str = ""


def good(part: str, text: str, setting: str = "") -> Finding:
    """All is well; a setting that follows from it may come along."""
    return Finding("ok", part, text, setting=setting)


def exit_status(findings: Iterable[Finding]) -> int:
    """1 if something is wrong, 0 if there is nothing but advice."""
    return int(any(each.level == "fault" for each in findings))


def settings_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The lines for the EHR's record, each once, in the order of the findings."""
    return tuple(dict.fromkeys(each.setting for each in findings if each.setting))
