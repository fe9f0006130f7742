"""Interrupts, taken between pieces of work, when what it changes belongs together."""

from __future__ import annotations

# `signal` with functions that do not turn handlers into enumerations, which would take longer than a small step does.
import _signal  # type: ignore[import-not-found]
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = tuple(
    int(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGALRM") if hasattr(signal, name)
)
"""Signals whose handlers may raise: a person's, a system's, and a time limit's."""


class Uninterrupted:
    """A section of code in which the handlers of signals wait; `take` lets those run that have come meanwhile.

    Python runs handlers in the main thread alone, so elsewhere there is nothing to hold back.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._waiting: list[tuple[int, FrameType | None]] = []
        self._holding = False

    def __enter__(self) -> Uninterrupted:
        if threading.current_thread() is threading.main_thread():
            try:
                self._hold_back()
            except BaseException:
                self._put_back()
                raise
        self._holding = True
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: BaseException | TracebackType | None) -> None:
        # From here on a signal passes to the handler that was there before, whether it is back in its place or not.
        self._holding = False
        try:
            self._put_back()
        except BaseException:
            self._put_back()
            raise
        # What the section failed with is told first; it ends the run, as the interrupt would.
        if kind is None:
            self.take()

    def take(self) -> None:
        """Run the handlers of the signals that have come; what they raise leaves the section."""
        while self._waiting:
            number, frame = self._waiting.pop(0)
            self._before[number](number, frame)

    def _hold_back(self) -> None:
        for number in SIGNALS:
            handler = _signal.getsignal(number)
            # SIG_DFL and SIG_IGN are numbers here.
            if callable(handler):
                self._before[number] = handler
                _signal.signal(number, self._note)

    def _put_back(self) -> None:
        for number, handler in self._before.items():
            other = _signal.signal(number, handler)
            # Bound methods are made afresh by each look, hence no `is`.
            if other not in (self._note, handler):
                _signal.signal(number, other)  # set meanwhile

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._holding:
            self._waiting.append((number, frame))
        else:
            self._before[number](number, frame)
