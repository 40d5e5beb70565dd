"""Runs one test without its harness, as far as it can do without."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from _pytest.runner import runtestprotocol


def _given(item: Any) -> dict[str, Any]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}


def wanted(item: Any) -> set[str]:
    """The fixtures that a test asks for."""
    return set(item._fixtureinfo.argnames) - set(_given(item))


def fails(item: Any) -> bool:
    """Run one test: called directly where it needs nothing but its parameters, which is five times as quick."""
    given, asked = _given(item), wanted(item)
    if asked <= {"tmp_path"} and item.cls is None:
        return raises(item.obj, given, bool(asked))
    if hasattr(item, "_request"):
        item._initrequest()
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def raises(test: Callable[..., None], given: dict[str, Any], in_a_folder: bool = False) -> bool:
    """Whether a test, called with what it needs, fails."""
    try:
        with TemporaryDirectory() if in_a_folder else nullcontext() as folder:
            test(**given, **({"tmp_path": Path(folder)} if folder else {}))
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever a fault brings about is a failure
        return True
    return False
