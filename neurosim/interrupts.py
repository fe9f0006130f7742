"""Ctrl-C and SIGTERM end a run once: the first one counts, and those that follow wait for its end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A signal this soon (s) after another one belongs to the same request, as when a scheduler sends it to a whole group.
SAME_REQUEST = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The handler of both signals: raises KeyboardInterrupt, but not twice for one request, nor while work ends."""

    def __init__(self) -> None:
        self.ending = self.asked = False
        self._last = -SAME_REQUEST

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        now = time.monotonic()
        if not self.ending and now - self._last >= SAME_REQUEST:
            self._last, self.asked = now, True
            raise KeyboardInterrupt


def install() -> Interrupts:
    """Let signals interrupt this process until it ends; SIGINT even where the shell had told us to ignore it."""
    handler = Interrupts()
    for number in _SIGNALS:
        signal.signal(number, handler)
    return handler


def ignore() -> None:
    """Let signals have no effect on this process any more, which is about to end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def check() -> None:
    """Raise KeyboardInterrupt if a signal asked for it where Python drops what is raised, as it does in destructors."""
    present = signal.getsignal(signal.SIGINT)
    asked = isinstance(present, Interrupts) and present.asked and not present.ending
    if asked and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interrupts]:
    """Let signals interrupt what is done in this block; they do what they did before when it is left."""
    present = signal.getsignal(signal.SIGINT)
    if isinstance(present, Interrupts):
        yield present  # as the process has it, or a block around this one
    elif threading.current_thread() is not threading.main_thread():
        yield Interrupts()  # only the main thread is ever interrupted
    else:
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            yield install()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
