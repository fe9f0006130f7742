"""How a command ends: its exit codes, and what counts as wrong usage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class Interrupted(Exception):
    """A signal has ended a command; says what is left of its work."""


@contextmanager
def names_as_asked() -> Iterator[None]:
    """Make an unknown name what it is on a command line: wrong usage."""
    from neurosim.errors import UnknownNameError, UsageError

    try:
        yield
    except UnknownNameError as error:
        raise UsageError(str(error)) from error
