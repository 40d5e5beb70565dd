"""The store of recent answers: same key, same bytes; bounded; the first of two at once wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

from cds_hooks.ports import Digest
from rpild_server.answers import RecentAnswers


def body(sha256: str) -> Digest:
    """The digest of a body."""
    return lambda: sha256


def test_a_repeated_call_gets_the_first_answer() -> None:
    answers = RecentAnswers()
    assert answers.find(("a",), body("x")) is None
    assert answers.keep(("a",), "x", b"first") == b"first"
    assert answers.keep(("a",), "x", b"second") == b"first"
    assert answers.find(("a",), body("x")) == b"first"


def test_another_body_is_another_call() -> None:
    answers = RecentAnswers()
    answers.keep(("a",), "x", b"first")
    assert answers.find(("a",), body("y")) is None
    assert answers.keep(("a",), "y", b"second") == b"second"
    assert [answers.find(("a",), body(each)) for each in "xy"] == [None, b"second"]


def test_a_body_is_hashed_only_where_its_hook_instance_is_known() -> None:
    answers, digest = RecentAnswers(), Mock(return_value="x")
    answers.find(("a",), digest)
    assert digest.call_count == 0
    answers.keep(("a",), "x", b"first")
    assert answers.find(("a",), digest) == b"first"
    assert digest.call_count == 1


def test_the_store_is_bounded() -> None:
    answers = RecentAnswers(capacity=2)
    for name in "abc":
        answers.keep((name,), "x", name.encode())
    assert [answers.find((name,), body("x")) for name in "abc"] == [None, b"b", b"c"]


def test_twenty_at_once_get_one_answer() -> None:
    answers = RecentAnswers()
    with ThreadPoolExecutor(20) as pool:
        given = list(pool.map(lambda number: answers.keep(("a",), "x", str(number).encode()), range(200)))
    assert len(set(given)) == 1
