"""What every coded error has: code, status, cause and remedy, and what becomes of it in log, alarm and audit log."""

from __future__ import annotations


class HookError(Exception):
    """A call that cannot be answered with cards. `cause` says what happened and where, never a patient value."""

    code = "RPILD-INTERNAL"
    status = 500
    remedy = "Ask the operator to look up the correlation id of this answer in the log."
    issue = "exception"
    retry_after = 0
    """Seconds after which the same call may succeed; 0 if it will not."""
    audited = False
    """Whether it is a matter of security, kept in the audit log."""
    fault = ""
    """What is wrong with this program, for its log and its alarm; empty if nothing is."""

    patient_id = ""
    """Whom the call was about, where it was read; kept as a pseudonym, never shown."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause

    @property
    def known(self) -> dict[str, str]:
        """What the log may hold of it beside the code."""
        return {}
