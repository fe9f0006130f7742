"""Showing how far a run is: bars in a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID


class Display(ABC):
    """Where a run shows its stages."""

    @contextmanager
    def stage(self, name: str, *, skipped: bool = False) -> Iterator[None]:
        """Show a stage while its work is done."""
        began = time.monotonic()
        self.started(name)
        yield
        self.finished(name, "done before" if skipped else f"{time.monotonic() - began:.1f} s")

    def close(self) -> None:  # noqa: B027  (nothing to close is the rule)
        """End the display, also after a failure."""

    @abstractmethod
    def started(self, stage: str) -> None:
        """Show that a stage begins."""

    @abstractmethod
    def advance(self, stage: str, done: int, total: int, text: str) -> None:
        """Show that `done` of `total` pieces of a stage are done."""

    @abstractmethod
    def finished(self, stage: str, text: str) -> None:
        """Show that a stage is done."""


class QuietDisplay(Display):
    """Shows nothing."""

    def started(self, stage: str) -> None:
        """Show nothing."""

    def advance(self, stage: str, done: int, total: int, text: str) -> None:
        """Show nothing."""

    def finished(self, stage: str, text: str) -> None:
        """Show nothing."""


class PlainDisplay(Display):
    """Writes a line when a stage begins and ends, and at most one every few seconds between.

    Arguments: stream, where to write; every, seconds between two lines of progress.
    """

    def __init__(self, stream: TextIO, every: float = 5.0) -> None:
        self._stream = stream
        self._every = every
        self._last = time.monotonic()

    def started(self, stage: str) -> None:
        """Write that a stage begins."""
        self._write(f"{stage}: started")

    def advance(self, stage: str, done: int, total: int, text: str) -> None:
        """Write how far a stage is, unless a line was written just now."""
        if time.monotonic() - self._last >= self._every:
            self._write(f"{stage}: {done}/{total} {text}".rstrip())

    def finished(self, stage: str, text: str) -> None:
        """Write that a stage is done."""
        self._write(f"{stage}: done ({text})")

    def _write(self, line: str) -> None:
        self._last = time.monotonic()
        print(line, file=self._stream, flush=True)


class BarDisplay(Display):
    """Draws a progress bar per stage in a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._escape = escape
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[text]}"),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def started(self, stage: str) -> None:
        """Add a bar."""
        self._tasks[stage] = self._bars.add_task(stage, total=None, text="")

    def advance(self, stage: str, done: int, total: int, text: str) -> None:
        """Move the bar."""
        self._bars.update(self._tasks[stage], completed=done, total=total, text=self._escape(text))

    def finished(self, stage: str, text: str) -> None:
        """Fill the bar."""
        task = self._bars.tasks[self._tasks[stage]]
        total = task.total or 1
        self._bars.update(task.id, completed=total, total=total, text=text)

    def close(self) -> None:
        """Leave the bars as they are."""
        self._bars.stop()
