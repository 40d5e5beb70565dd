"""The error tree: drawn as it is, documented as it is, every leaf complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_hooks import errors
from cds_hooks.outcomes import outcome
from rpild_server.error_list import error_list
from rpild_server.storage import errors as storage_errors
from smart_app import errors as page_errors

TREES = {"hooks": errors, "pages": page_errors, "storage": storage_errors}
ROOMS = ("cds_hooks", "smart_app", "ehr_access", "fhir_mappings", "rpild_rules", "rpild_server")
BRANCHES = {"RPILD-REQUEST", "RPILD-STORE"}  # never raised: only their leaves are


def test_the_page_of_errors_is_current(root: Path) -> None:
    page = (root / "docs/errors.md").read_text(encoding="utf-8")
    assert page == error_list(), "write it anew: python -m rpild_server.error_list > docs/errors.md"


def test_no_code_is_missing_on_the_page(root: Path) -> None:
    sources = (each.read_text(encoding="utf-8") for room in ROOMS for each in (root / room).rglob("*.py"))
    found = {code for text in sources for code in re.findall(r"[\"'](RPILD-[A-Z-]+)[\"']", text)}
    page = (root / "docs/errors.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\n\| `(RPILD-[A-Z-]+)`", page))
    assert len(found) > 60
    assert found - BRANCHES == listed


@pytest.mark.parametrize("tree", TREES)
def test_the_tree_is_drawn_as_it_is(tree: str) -> None:
    module = TREES[tree]
    drawn = re.findall(r"(\w+) +(?:\((\d+)\) +)?(RPILD-[A-Z-]+)", module.__doc__ or "")
    assert [(name, code) for name, _, code in drawn] == [(each.__name__, each.code) for each in module.leaves()]
    assert all(int(status) == getattr(module, name).status for name, status, _ in drawn if status)


def test_codes_are_unique_and_every_error_says_what_to_do() -> None:
    found = [*errors.leaves(), *page_errors.leaves(), *storage_errors.leaves()]
    assert len({each.code for each in found}) == len(found)
    assert all(each.remedy.endswith(".") and (each.__doc__ or "").endswith(".") for each in found)


def test_an_outcome_holds_code_cause_and_remedy() -> None:
    told = outcome(errors.WrongHookError("The cause."))
    details = {"coding": [{"system": "urn:rpild:error", "code": "RPILD-WRONG-HOOK"}], "text": "The cause."}
    issue = {"severity": "error", "code": "invalid", "details": details, "diagnostics": errors.WrongHookError.remedy}
    assert told == {"resourceType": "OperationOutcome", "issue": [issue]}
