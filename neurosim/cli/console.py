"""Where commands print."""

from __future__ import annotations

import os
import sys

from rich.console import Console


def console() -> Console:
    """Return a console on standard output, of fixed width where that is not a terminal."""
    fixed = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=140 if fixed else None, highlight=False)
