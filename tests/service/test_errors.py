"""The error tree: drawn as it is, documented as it is, every leaf complete."""

from __future__ import annotations

import re
from pathlib import Path

from cds_hooks import errors


def test_the_page_of_errors_is_current(root: Path) -> None:
    page = (root / "docs/errors.md").read_text(encoding="utf-8")
    assert page == errors.error_pages(), "write it anew: python -m cds_hooks.errors > docs/errors.md"


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"(\w+) +(?:\((\d+)\) +)?(RPILD-[A-Z-]+)", errors.__doc__ or "")
    assert [(name, code) for name, _, code in drawn] == [(each.__name__, each.code) for each in errors.leaves()]
    assert all(int(status) == getattr(errors, name).status for name, status, _ in drawn if status)


def test_codes_are_unique_and_every_error_says_what_to_do() -> None:
    found = list(errors.leaves())
    assert len({each.code for each in found}) == len(found)
    assert all(each.remedy.endswith(".") and (each.__doc__ or "").endswith(".") for each in found)


def test_an_outcome_holds_code_cause_and_remedy() -> None:
    told = errors.outcome(errors.WrongHookError("The cause."))
    details = {"coding": [{"system": "urn:rpild:error", "code": "RPILD-WRONG-HOOK"}], "text": "The cause."}
    issue = {"severity": "error", "code": "invalid", "details": details, "diagnostics": errors.WrongHookError.remedy}
    assert told == {"resourceType": "OperationOutcome", "issue": [issue]}
