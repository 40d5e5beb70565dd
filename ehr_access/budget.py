"""How long and how much one call may read."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one call: seconds in all, pages and decoded bytes of one search, parallel reads."""

    seconds: float = 2.6
    pages: int = 100
    max_bytes: int = 16 * 1024 * 1024
    parallel: int = 8


class Deadline:
    """A moment after which nothing is read any more, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self._end - time.monotonic()

    @property
    def over(self) -> bool:
        return self.left <= 0

    def share(self, part: float) -> Deadline:
        """A deadline after this part (0-1) of what is left."""
        return Deadline(max(self.left, 0.0) * part)
