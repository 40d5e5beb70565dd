"""JSON log lines on stderr with allow-listed fields only: no patient value, name, id or token can get in."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    "event level timestamp correlation service status code gate cards read fault why iss ehr known at silent".split()  # noqa: SIM905
)


def allow_listed(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in fields.items() if name in ALLOWED}


def start_logging(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up the log once per process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )


def report(event: str, **fields: object) -> None:
    """One line about what happened."""
    structlog.get_logger().info(event, **fields)


def warn(event: str, **fields: object) -> None:
    """One line about what somebody should look at."""
    structlog.get_logger().warning(event, **fields)
