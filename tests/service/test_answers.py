"""The store of recent answers: same key, same bytes; bounded; the first of two at once wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from rpild_server.answers import RecentAnswers


def test_a_repeated_call_gets_the_first_answer() -> None:
    answers = RecentAnswers()
    assert answers.find(("a",)) is None
    assert answers.keep(("a",), b"first") == b"first"
    assert answers.keep(("a",), b"second") == b"first"
    assert answers.find(("a",)) == b"first"


def test_the_store_is_bounded() -> None:
    answers = RecentAnswers(capacity=2)
    for name in "abc":
        answers.keep((name,), name.encode())
    assert [answers.find((name,)) for name in "abc"] == [None, b"b", b"c"]


def test_twenty_at_once_get_one_answer() -> None:
    answers = RecentAnswers()
    with ThreadPoolExecutor(20) as pool:
        given = list(pool.map(lambda number: answers.keep(("a",), str(number).encode()), range(200)))
    assert len(set(given)) == 1
