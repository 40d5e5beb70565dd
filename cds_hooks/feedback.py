"""Feedback on cards: checked, counted and acknowledged; which card it was is never told to the caller."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cds_hooks.errors import BadFeedbackError, UnreadableBodyError

BODY_LIMIT = 256 * 1024


class _Suggestion(msgspec.Struct):
    id: str


class _Entry(msgspec.Struct, rename="camel"):
    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    accepted_suggestions: list[_Suggestion] | None = None
    override_reason: dict[str, Any] | None = None


class _Feedback(msgspec.Struct):
    feedback: list[_Entry]


def read_feedback(body: bytes) -> int:
    """The number of entries of a feedback body; raises BadFeedbackError or UnreadableBodyError."""
    try:
        entries = msgspec.json.decode(str(body, "utf-8"), type=_Feedback).feedback
    except msgspec.ValidationError as problem:
        raise BadFeedbackError(f"The feedback does not fit its form: {_place(problem)}.") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as problem:
        raise UnreadableBodyError(f"The body cannot be read as JSON ({type(problem).__name__}).") from None
    if any(each.outcome == "accepted" and not each.accepted_suggestions for each in entries):
        raise BadFeedbackError("An accepted card comes without acceptedSuggestions.")
    return len(entries)


def _place(problem: msgspec.ValidationError) -> str:
    """Where the fault is; an invalid outcome would be repeated in the text, so only its path is kept."""
    text = str(problem)
    return (
        text
        if not text.startswith("Invalid enum value")
        else f"outcome is neither accepted nor overridden {text.rpartition(' - ')[2]}"
    )
