"""Feedback on cards: read with the deviations that EHRs are known for; which card it was is never told to the caller.

Known deviations: `overrideReasons` for `overrideReason`, alone or as a list; the reason's data in `extension`; ids of
cards that are no UUID; several entries for one card; times that cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from cds_hooks.errors import BadFeedbackError, UnreadableBodyError
from cds_hooks.ports import Said

BODY_LIMIT = 256 * 1024
MOST_ENTRIES, MOST_ID, MOST_COMMENT, DEPTH = 1000, 255, 4000, 6
REASONS = "urn:rpild:override-reason"
OTHER = "other"
KNOWN = frozenset(
    {"alreadyAddressed", "awaitingResults", "alternativeDiagnosis", "notAppropriate", "specialistDecision", "dataWrong"}
)


class _Suggestion(msgspec.Struct):
    id: str


class _Entry(msgspec.Struct, rename="camel"):
    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    accepted_suggestions: list[_Suggestion] | None = None
    override_reason: Any = None
    override_reasons: Any = None
    extension: Any = None


class _Feedback(msgspec.Struct):
    feedback: list[msgspec.Raw]


def read_feedback(body: bytes) -> tuple[list[Said], int]:
    """The statements of a feedback body, and how many of its entries are malformed: one of them costs no other.

    Raises BadFeedbackError if nothing else came, or too much at once, and UnreadableBodyError.
    """
    try:
        entries = msgspec.json.decode(str(body, "utf-8"), type=_Feedback).feedback
    except msgspec.ValidationError as problem:
        raise BadFeedbackError(f"The feedback does not fit its form: {_place(problem)}.") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as problem:
        raise UnreadableBodyError(f"The body cannot be read as JSON ({type(problem).__name__}).") from None
    if len(entries) > MOST_ENTRIES:
        raise BadFeedbackError(f"More than {MOST_ENTRIES} entries come at once.")
    found = [_entry(each) for each in entries]
    good = [each for each in found if isinstance(each, _Entry)]
    faults = [each for each in found if isinstance(each, str)]
    if faults and not good:
        raise BadFeedbackError(f"The feedback does not fit its form: {faults[0]}.")
    return [_said(each) for each in good if len(each.card) <= MOST_ID], len(faults)


def _entry(raw: msgspec.Raw) -> _Entry | str:
    """One entry, or what is wrong with it."""
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
    except msgspec.ValidationError as problem:
        return _place(problem)
    except (msgspec.MsgspecError, RecursionError) as problem:
        return f"an entry cannot be read ({type(problem).__name__})"
    if entry.outcome == "accepted" and not entry.accepted_suggestions:
        return "an accepted card comes without acceptedSuggestions"
    return entry


def _said(entry: _Entry) -> Said:
    taken = tuple(each.id[:MOST_ID] for each in entry.accepted_suggestions or ())
    if entry.outcome == "accepted":
        return Said(entry.card, entry.outcome, _time(entry.outcome_timestamp), suggestions=taken)
    given = (entry.override_reason, entry.override_reasons, entry.extension)
    codes = [code for part in given for code in _codes(part, DEPTH)]
    reason = next((code for code in codes if code in KNOWN), OTHER if codes else "")
    comment = next((text for part in given for text in _comments(part, DEPTH)), "")
    return Said(entry.card, entry.outcome, _time(entry.outcome_timestamp), reason, comment[:MOST_COMMENT])


def _codes(part: Any, depth: int) -> Iterator[str]:
    """The codes of all codings within, wherever the EHR put them; one of another system is a reason too, not ours."""
    if isinstance(part, dict) and isinstance(part.get("code"), str):
        yield part["code"] if part.get("system", REASONS) == REASONS else OTHER
    for each in _within(part, depth):
        yield from _codes(each, depth - 1)


def _comments(part: Any, depth: int) -> Iterator[str]:
    """The words of the user."""
    if isinstance(part, dict) and isinstance(part.get("userComment"), str):
        yield part["userComment"]
    for each in _within(part, depth):
        yield from _comments(each, depth - 1)


def _within(part: Any, depth: int) -> list[Any]:
    if not depth:
        return []
    return list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []


def _time(text: str) -> datetime | None:
    """The time of a statement, UTC where no zone is given; None if it cannot be read."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _place(problem: msgspec.ValidationError) -> str:
    """Where the fault is; an invalid outcome would be repeated in the text, so only its path is kept."""
    text = str(problem)
    return (
        text
        if not text.startswith("Invalid enum value")
        else f"outcome is neither accepted nor overridden {text.rpartition(' - ')[2]}"
    )
