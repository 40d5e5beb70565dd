"""Numbers with their noun, as people read them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 patient`, `2 patients`; the plural is given where it is not made by an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
