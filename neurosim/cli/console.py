"""Where commands print, and how their tables look."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Return a console on standard output, of fixed width where that is not a terminal."""
    fixed = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=140 if fixed else None, highlight=False)


def table(*heads: str, named: bool = True, **options: Any) -> Table:
    """Return a table that cuts nothing: what is too wide for its column continues on the next line.

    Arguments: heads, of the columns; named, whether the first column holds names, which stay whole; options, rich's.
    """
    made = Table(**options)
    for number, head in enumerate(heads):
        made.add_column(head, overflow="fold", no_wrap=named and number == 0)
    return made


def readable_everywhere() -> None:
    """Let a terminal that is not UTF-8 show '?' in place of what it does not know."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="replace")
