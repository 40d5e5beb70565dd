"""The text of docs/errors.md: every coded answer of the hooks and every page of launch and view, from their trees.

`python -m rpild_server.error_list > docs/errors.md` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from cds_hooks.errors import leaves as hook_errors
from cds_hooks.hook_error import HookError
from smart_app.errors import PageError
from smart_app.errors import leaves as page_errors

HEAD = """# Errors

Generated from `cds_hooks/errors.py` and `smart_app/errors.py` by `python -m rpild_server.error_list`; do not edit.
"""
HOOKS = """
## Answers to calls
Every refusal is an OperationOutcome: `issue[0].details.coding[0]` holds the code, `details.text` the cause, \
`diagnostics` the remedy. The header `X-Correlation-Id` names the call in the log. A 401 has no body.
"""
PAGES = """
## Pages
What a user sees instead of the page: what happened, what to do, the code, and the number of the answer in the log.
"""
COLUMNS = "| code | status | what happened | what to do |\n|---|---|---|---|\n"


def error_list() -> str:
    """The whole document."""
    return f"{HEAD}{HOOKS}\n{_table(hook_errors())}{PAGES}\n{_table(page_errors())}"


def _table(errors: Iterable[type[HookError] | type[PageError]]) -> str:
    rows = (f"| `{each.code}` | {each.status} | {each.__doc__} | {each.remedy} |\n" for each in errors)
    return COLUMNS + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(error_list())
