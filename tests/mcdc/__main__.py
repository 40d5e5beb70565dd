"""Writes docs/knowledge/decision-tables.md from a run of tests/rules; fails on a condition neither shown nor explained.

`python -m tests.mcdc [--check]`: with --check nothing is written, and a page that differs is a failure too.
"""

from __future__ import annotations

import sys

import pytest

from tests.mcdc.page import PAGE, Tables
from tests.mcdc.recording import Recording

CASES = "test_cases.py"  # first, so that a case that a clinician can read shows what others show too


class Listening:
    """A pytest plugin: puts the reporting code in place and runs every test that is the same each time."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.failed: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of the usual loop; what may differ is left out: random examples, data beside the project."""
        from tests.mutation.killing import fails

        self.recording.install()
        for item in sorted(session.items, key=lambda each: CASES not in each.nodeid):
            if _is_steady(item):
                self.recording.test = item.nodeid
                self.failed += [item.nodeid] if fails(item) else []
        return True


def _is_steady(item: pytest.Item) -> bool:
    random = hasattr(getattr(item, "obj", None), "hypothesis")
    return not random and "shared" not in getattr(item, "fixturenames", ())


def main(check: bool) -> int:
    """Run, write or compare, and tell what is open."""
    recording = Recording()
    listening = Listening(recording)
    pytest.main(["-q", "-s", "-p", "no:cacheprovider", "tests/rules"], plugins=[listening])
    tables = Tables(recording)
    faults = [f"{rule}\n    {text}\n    open: {condition}" for rule, text, condition in tables.open]
    faults += [f"{rule}\n    {text}\n    explained, but not open: {what}" for rule, text, what in tables.stale]
    faults += [f"{name} fails while the rules report" for name in listening.failed[:5]]
    if not check:
        PAGE.write_text(tables.text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != tables.text:
        faults.append(f"{PAGE.name} is not up to date; run: make decision-tables")
    sys.stdout.write(
        "\n".join([*faults, f"{tables.rules} rules, {tables.conditions} conditions, {len(tables.open)} open\n"])
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
