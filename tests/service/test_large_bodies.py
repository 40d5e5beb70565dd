"""What large bodies leave behind: memory that goes back to the system once smaller calls come again."""

from __future__ import annotations

import io
from typing import Any

import pytest

from rpild_server import run
from rpild_server.run import LARGE, REST_SECONDS, BodyGuard, give_back


def test_memory_is_given_back_once_and_only_when_no_large_body_came_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[float] = []
    clock = {"now": 100.0}
    monkeypatch.setattr(run.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(run, "give_back", lambda: given.append(clock["now"]))
    guard = BodyGuard(lambda environ, _start: [environ["wsgi.input"].read(3)])

    def call(size: int, after: float) -> None:
        clock["now"] += after
        environ: dict[str, Any] = {"CONTENT_LENGTH": str(size) if size else "", "wsgi.input": io.BytesIO(b"body")}
        assert guard(environ, None) == [b"bod"]

    call(10, after=0)
    call(0, after=REST_SECONDS * 2)
    assert given == []
    call(LARGE, after=1)
    call(10, after=REST_SECONDS / 2)
    call(LARGE, after=REST_SECONDS / 2)
    call(10, after=REST_SECONDS)
    assert given == []
    call(10, after=0.1)
    call(10, after=REST_SECONDS * 2)
    assert given == [clock["now"] - REST_SECONDS * 2]


def test_another_library_than_glibc_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.ctypes, "CDLL", lambda _name: object())
    assert not give_back()
