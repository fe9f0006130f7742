"""Work in threads gives what work in a row gives."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosim.errors import UsageError
from neurosim.experiment import available_workers, parallel_map


@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_results_are_in_the_order_of_the_items(items, workers):
    seen = []
    assert parallel_map(lambda x: 3 * x, items, workers, lambda *done: seen.append(done)) == [
        3 * x for x in items
    ]
    assert seen == [(i + 1, len(items)) for i in range(len(items))]


def test_items_are_worked_on_at_the_same_time():
    meet = threading.Barrier(3, timeout=10)
    assert parallel_map(lambda _: meet.wait() >= 0, range(3), 3) == [True] * 3


def test_the_first_exception_surfaces_at_once_and_stops_the_rest():
    begun = []

    def work(item):
        begun.append(item)
        if item == 1:
            raise ZeroDivisionError("item 1")
        time.sleep(0.02)

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError, match="item 1"):
        parallel_map(work, range(100), 2)
    assert time.monotonic() - began < 1.0
    time.sleep(0.5)
    assert len(begun) < 10


def test_results_keep_their_order_when_items_finish_in_another():
    gates = [threading.Event() for _ in range(3)]
    gates[2].set()

    def work(item):
        assert gates[item].wait(10)
        gates[item - 1].set()
        return item

    assert parallel_map(work, range(3), 3) == [0, 1, 2]


def test_a_program_ends_though_its_workers_are_busy():
    code = (
        "import threading; from neurosim.experiment import parallel_map\n"
        "def work(item): return item if item else threading.Event().wait(60)\n"
        "def stop(done, total): raise KeyboardInterrupt\n"
        "parallel_map(work, range(3), 2, stop)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert "KeyboardInterrupt" in done.stderr


def test_an_interruption_does_not_wait_for_the_workers():
    release = threading.Event()
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        parallel_map(lambda _: release.wait(30), range(2), 2)
    assert time.monotonic() - began < 5
    release.set()


def test_no_worker_is_no_way_to_work():
    with pytest.raises(UsageError, match="at least 1"):
        parallel_map(str, [1], 0)
    assert available_workers() >= 1
