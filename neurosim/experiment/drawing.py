"""Drawing the figure of a run from its result file, whenever it is asked for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from neurosim.errors import DescriptionError, UsageError
from neurosim.experiment.experiment import Experiment
from neurosim.store import Results
from neurosim.store.sealed import write_file

DPI = 150


def figure_of(path: Path) -> Path:
    """Return where the figure of a result file is stored."""
    return path.with_suffix(".png")


def draw_figure(experiment: Experiment[Any], config: Any, results: Results, path: Path) -> Path:
    """Draw the figure of a complete run as a PNG, complete or not at all, and return its path.

    Arguments: experiment; config, that of the run; results, its open result file; path, the figure, replaced if it is
    there.
    Raises UsageError when the experiment has no figure, ResultFileError when it cannot be written.
    """
    if experiment.figures is None:
        raise UsageError(f"experiment '{experiment.name}' has no figure")
    drawn, figure = BytesIO(), experiment.figures(config, results)
    if not hasattr(figure, "savefig"):
        raise DescriptionError(
            f"experiment '{experiment.name}': figures returns {type(figure).__name__}: return a matplotlib Figure"
        )
    figure.savefig(drawn, dpi=DPI, format="png")
    write_file(path, drawn.getvalue())
    return path
