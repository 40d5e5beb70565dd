"""A coded error as the OperationOutcome that its caller gets."""

from __future__ import annotations

from cds_hooks.hook_error import HookError

Outcome = dict[str, object]
ERROR_SYSTEM = "urn:rpild:error"


def outcome(error: HookError) -> Outcome:
    """The OperationOutcome that tells this error: code, cause and remedy."""
    details = {"coding": [{"system": ERROR_SYSTEM, "code": error.code}], "text": error.cause}
    issue = {"severity": "error", "code": error.issue, "details": details, "diagnostics": error.remedy}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
