"""Times as they are stored: UTC text of fixed width, so that sorting text sorts time and a person can read it."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(when: datetime) -> str:
    """`2026-11-22T09:30:00.000000Z`; the time must know its zone."""
    if when.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored; give it UTC")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_stamp(text: str) -> datetime:
    """The time of a stored text."""
    return datetime.fromisoformat(text)
