"""The text of docs/errors.md: every coded answer of the hooks, page of launch and view, and fault of the storage.

`python -m rpild_server.error_list > docs/errors.md` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from cds_hooks.errors import leaves as hook_errors
from cds_hooks.hook_error import HookError
from rpild_server.storage.errors import ChainBrokenError, SetupError, StorageError
from rpild_server.storage.errors import leaves as storage_errors
from smart_app.errors import PageError
from smart_app.errors import leaves as page_errors

HEAD = """# Errors

Generated from the `errors.py` of `cds_hooks`, `smart_app` and `rpild_server/storage` by
`python -m rpild_server.error_list`; do not edit.
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
STORAGE = """
## Storage and secrets
What the log, `/readyz`, `rpild doctor` and the other commands say; the message names the file, key or record. Those
marked *start* keep the service from starting (exit status 2). While it runs, a call that cannot be recorded is answered
`RPILD-NOT-RECORDED`, one whose token cannot be looked up `RPILD-TOKEN-MEMORY`, a page `RPILD-PAGE-STORE`.

| code | when | what happened | what to do |
|---|---|---|---|
"""
COLUMNS = "| code | status | what happened | what to do |\n|---|---|---|---|\n"


def error_list() -> str:
    """The whole document."""
    return f"{HEAD}{HOOKS}\n{_table(hook_errors())}{PAGES}\n{_table(page_errors())}{STORAGE}{_storage()}"


def _table(errors: Iterable[type[HookError] | type[PageError]]) -> str:
    rows = (f"| `{each.code}` | {each.status} | {each.__doc__} | {each.remedy} |\n" for each in errors)
    return COLUMNS + "".join(rows)


def _storage() -> str:
    return "".join(f"| `{each.code}` | {_when(each)} | {each.__doc__} | {each.remedy} |\n" for each in storage_errors())


def _when(error: type[StorageError]) -> str:
    """A broken chain stops both."""
    if issubclass(error, ChainBrokenError):
        return "start, running"
    return "start" if issubclass(error, SetupError) else "running"


if __name__ == "__main__":
    sys.stdout.write(error_list())
