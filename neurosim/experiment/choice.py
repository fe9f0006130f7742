"""Where a run shows its progress, by where it runs."""

from __future__ import annotations

import sys

from neurosim.experiment.display import BarDisplay, Display, PlainDisplay, QuietDisplay
from neurosim.experiment.notebook import NotebookDisplay, in_notebook


def default_display(*, quiet: bool = False) -> Display:
    """Return bars in a terminal and in a notebook, plain lines elsewhere, nothing when quiet."""
    if quiet:
        return QuietDisplay()
    if in_notebook():
        return NotebookDisplay()
    return BarDisplay() if sys.stderr.isatty() else PlainDisplay(sys.stderr)
