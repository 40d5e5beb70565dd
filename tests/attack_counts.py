"""Counts what the tests of attacks and faults send and get back, and prints the sums at the end of a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

ROW = re.compile(r"A-\d+|[HFS]\d+")  # of tests/requirements.csv
SENT, KEPT = "calls sent", "kept"
SERVICE = "/cds-services"
REFUSED_FOR_NOW = 503  # what a store that cannot record and a service that is overloaded answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note with the report of a test which rows it is about, and the status of every answer it got."""
    rows = [id for mark in item.iter_markers("verifies") for id in mark.args if ROW.fullmatch(id)]
    if not rows:
        return (yield)
    with _counted() as statuses:
        try:
            return (yield)
        finally:
            item.user_properties.append((SENT, [rows, statuses]))


@contextmanager
def _counted() -> Iterator[list[int]]:
    """The status of every answer of the service while the block runs."""
    statuses: list[int] = []
    send = requests.Session.send

    def counting(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        answer = send(self, request, **options)
        if urlsplit(request.url or "").path.startswith(SERVICE):
            statuses.append(answer.status_code)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "send", counting)
        yield statuses


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One paragraph, if any such test ran."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    properties = [each for report in reports if report.when == "call" for each in report.user_properties]
    sent, kept = ([value for name, value in properties if name == wanted] for wanted in (SENT, KEPT))
    if any(statuses for _, statuses in sent):
        terminalreporter.section("attacks and faults")
        terminalreporter.write_line(_of_calls(sent))
    if kept:
        arrived, lost = map(sum, zip(*kept, strict=True))
        terminalreporter.write_line(f"killed, or without power: {arrived} records acknowledged, {lost} lost")


def _of_calls(sent: list[Any]) -> str:
    rows = {row for some, _ in sent for row in some}
    seen = Counter(status for _, statuses in sent for status in statuses)
    broken = sum(count for status, count in seen.items() if status >= 500 and status != REFUSED_FOR_NOW)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(seen.items()))
    return f"{len(rows)} rows, {len(sent)} tests, {seen.total()} cases tried ({told}); 5xx other than 503: {broken}"
