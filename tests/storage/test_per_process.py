"""One thing per process: made once, made anew after a fork, and the parent's is left alone."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from rpild_server.storage.per_process import PerProcess
from rpild_server.storage.place import Place
from rpild_server.storage.schema import migrate
from rpild_server.storage.store import open_storage
from tests.storage.making import SECRETS, decision


def test_it_is_made_once_on_first_use() -> None:
    made: list[int] = []
    holder = PerProcess(lambda: made.append(1) or len(made))  # type: ignore[func-returns-value]
    assert holder.made() is None
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _number: holder(), range(50))) == {1}
    assert holder.made() == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_after_a_fork_both_processes_record(files: Place) -> None:
    migrate(files)
    holder = PerProcess(lambda: open_storage(files, SECRETS))
    mine = decision()
    holder().records.record(mine)
    theirs = decision()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            inherited = holder.made() is None
            holder().records.record(theirs)
            status = 0 if inherited and holder().close() else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    again = decision()
    holder().records.record(again)
    assert [holder().records.find(each.call) for each in (mine, theirs, again)] == [mine.response] * 3
    assert holder().close()
