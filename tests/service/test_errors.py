"""The error tree: drawn as it is, documented as it is, every leaf complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_hooks import errors
from cds_hooks.outcomes import outcome
from rpild_server.error_list import error_list
from smart_app import errors as page_errors

TREES = {"hooks": errors, "pages": page_errors}


def test_the_page_of_errors_is_current(root: Path) -> None:
    page = (root / "docs/errors.md").read_text(encoding="utf-8")
    assert page == error_list(), "write it anew: python -m rpild_server.error_list > docs/errors.md"


@pytest.mark.parametrize("tree", TREES)
def test_the_tree_is_drawn_as_it_is(tree: str) -> None:
    module = TREES[tree]
    drawn = re.findall(r"(\w+) +(?:\((\d+)\) +)?(RPILD-[A-Z-]+)", module.__doc__ or "")
    assert [(name, code) for name, _, code in drawn] == [(each.__name__, each.code) for each in module.leaves()]
    assert all(int(status) == getattr(module, name).status for name, status, _ in drawn if status)


def test_codes_are_unique_and_every_error_says_what_to_do() -> None:
    found = [*errors.leaves(), *page_errors.leaves()]
    assert len({each.code for each in found}) == len(found)
    assert all(each.remedy.endswith(".") and (each.__doc__ or "").endswith(".") for each in found)


def test_an_outcome_holds_code_cause_and_remedy() -> None:
    told = outcome(errors.WrongHookError("The cause."))
    details = {"coding": [{"system": "urn:rpild:error", "code": "RPILD-WRONG-HOOK"}], "text": "The cause."}
    issue = {"severity": "error", "code": "invalid", "details": details, "diagnostics": errors.WrongHookError.remedy}
    assert told == {"resourceType": "OperationOutcome", "issue": [issue]}
