"""Faults outside of functions (tables, sets of names, defaults): the rules are imported anew, changed, in a fork."""

from __future__ import annotations

import os
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

import pytest

from tests.mutation.items import raises
from tests.mutation.killing import TESTS, TOO_SLOW, in_a_fork
from tests.mutation.mutants import Mutant, Source

SECONDS = 300
FAILED = pytest.ExitCode.TESTS_FAILED
CASES = "tests/rules/test_cases.py::test_case["  # run before all others, without pytest
LEFT_OUT = tuple(f"--deselect={name}" for name in (CASES, *TOO_SLOW))


def try_outside(source: Source, mutant: Mutant | None) -> tuple[str, str]:
    """Its fate, and the first test that found it; called in a process that has not imported the rules.

    Without a fault nothing may be found: the control.
    """
    return in_a_fork(lambda: _first_failure(source, mutant), SECONDS)


def _first_failure(source: Source, mutant: Mutant | None) -> str:
    """The cases first, those named after the module before all others, then every other test through pytest."""
    change_import(source, mutant)
    # Here and not above: a fault that hinders the import is found by any test.
    from tests.rules.test_cases import cases, test_case

    for case in sorted(cases(), key=lambda each: not str(each.id).startswith(f"{source.module}: ")):
        common, content = case.values
        given: dict[str, Any] = {"common": common, "case": content}
        if raises(test_case, given, in_a_folder=True):
            return str(case.id)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return "pytest" if pytest.main(["-x", "-q", "-p", "no:cacheprovider", *LEFT_OUT, *TESTS]) == FAILED else ""


def change_import(source: Source, mutant: Mutant | None) -> None:
    """From now on this process imports the module with its fault."""
    usual = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        return source.compiled(mutant) if name == f"rpild_rules.{source.module}" else usual(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
