"""Progress of a run in a notebook: one bar for each stage, in place."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

from neurosim.experiment.display import Display
from neurosim.markup import Html, html, table


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules and "IPython" in sys.modules


class NotebookDisplay(Display):
    """Shows stages as a table that is updated in place, at most a few times per second."""

    def __init__(self, every: float = 0.2) -> None:
        show: Any = importlib.import_module("IPython.display")
        self._html = show.HTML
        self._stages: dict[str, tuple[str, str]] = {}
        self._every = every
        self._last = 0.0
        self._handle = show.display(self._html(""), display_id=True)

    def started(self, stage: str) -> None:
        """Add a bar that does not know yet how far it is."""
        self._show(stage, "<progress></progress>", "", at_once=True)

    def advance(self, stage: str, done: int, total: int, text: str) -> None:
        """Move the bar."""
        self._show(stage, f'<progress value="{done}" max="{total}"></progress>', f"{done}/{total} {text}")

    def finished(self, stage: str, text: str) -> None:
        """Fill the bar."""
        self._show(stage, '<progress value="1" max="1"></progress>', text, at_once=True)

    def _show(self, stage: str, bar: str, text: str, *, at_once: bool = False) -> None:
        self._stages[stage] = (bar, text)
        now = time.monotonic()
        if at_once or now - self._last >= self._every:
            self._last = now
            rows = [(name, Html(one), Html(html(words))) for name, (one, words) in self._stages.items()]
            self._handle.update(self._html(table(("stage", "", ""), rows).text))
