"""Drawing the figure or the movie of a run from its result file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurosim.cli.study import experiment_of
from neurosim.errors import ResultFileError, UsageError
from neurosim.experiment import Experiment, Results
from neurosim.experiment.drawing import draw_figure, figure_of
from neurosim.experiment.settings import config_from
from neurosim.store import check_target, open_results

DPI = 72


def draw_figure_file(path: Path, *, out: Path | None, study: str | None, overwrite: bool) -> None:
    """Write the figure of a complete run as a PNG, by default beside the result file, and print its path.

    Raises UsageError when the study has no figure, the run is not complete, or the figure would replace a file.
    """
    out = _checked(figure_of(path) if out is None else out, "a figure", ".png", overwrite=overwrite)
    with _run(path, study) as (experiment, config, results):
        draw_figure(experiment, config, results, out)
    print(f"figure:  {out}")


def draw_movie(path: Path, *, out: Path | None, study: str | None, overwrite: bool) -> None:
    """Write the movie of a complete run as an animated GIF, by default beside the result file, and print its path.

    Raises UsageError when the study has no movie, the run is not complete, or the movie would replace a file.
    """
    out = _checked(path.with_suffix(".gif") if out is None else out, "a movie", ".gif", overwrite=overwrite)
    with _run(path, study) as (experiment, config, results):
        if experiment.movie is None:
            raise UsageError(f"experiment '{experiment.name}' has no movie")
        animation = experiment.movie(config, results)
        try:
            animation.save(out, writer="pillow", dpi=DPI)
        except OSError as error:
            raise ResultFileError(f"{out}: cannot be written: {error.strerror or error}") from error
    print(f"movie:   {out}")


def _checked(out: Path, what: str, suffix: str, *, overwrite: bool) -> Path:
    if out.suffix != suffix:
        raise UsageError(f"{out}: the name of {what} ends in '{suffix}'")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists: choose another name by --out, or replace it with --overwrite")
    check_target(out, overwrite=overwrite)
    return out


@contextmanager
def _run(path: Path, study: str | None) -> Iterator[tuple[Experiment[Any], Any, Results]]:
    """Open the file of a complete run: its experiment, its config and its results."""
    # Figures are files here; nothing may open a window.
    os.environ["MPLBACKEND"] = "Agg"
    with open_results(path) as results:
        experiment = experiment_of(str(results.attributes.get("experiment")), study)
        if results.status != "complete":
            raise UsageError(f"{path}: the run is {results.status}: finish it with --resume")
        _, preset = experiment.preset(results.attributes.get("preset"))
        yield experiment, config_from(preset, results.config), results
