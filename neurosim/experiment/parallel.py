"""The same work on many items at once, in threads: compiled loops release Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from neurosim.errors import UsageError

T = TypeVar("T")
R = TypeVar("R")


def available_workers() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parallel_map(
    function: Callable[[T], R],
    items: Iterable[T],
    workers: int,
    progress: Callable[[int, int], Any] = lambda done, total: None,
) -> list[R]:
    """Return [function(item) for item in items], computed by several threads.

    Arguments: function, must draw its random numbers from streams keyed by the item, so that the result does not
    depend on the number of workers; items, in the order of the results; workers, number of threads, at least 1;
    progress, called as progress(done, total) after each item.
    Raises the first exception of the function at once (items under way are abandoned), and UsageError for workers < 1.
    """
    if workers < 1:
        raise UsageError(f"workers: {workers}; at least 1 is needed")
    inputs = list(items)
    waiting = deque(enumerate(inputs))
    finished: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
    stopped = Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                index, item = waiting.popleft()
            except IndexError:
                return
            try:
                finished.put((index, function(item), None))
            except BaseException as error:
                finished.put((index, None, error))

    # Daemons, so that an interrupted program can end while a compiled loop still runs.
    for _ in range(min(workers, len(inputs))):
        Thread(target=work, daemon=True).start()
    results: dict[int, R] = {}
    try:
        while len(results) < len(inputs):
            index, result, error = finished.get()
            if error is not None:
                raise error
            results[index] = result
            progress(len(results), len(inputs))
    finally:
        stopped.set()
    return [results[index] for index in range(len(inputs))]
