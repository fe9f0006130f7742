"""Drawing the movie of a run from its result file."""

from __future__ import annotations

import os
from pathlib import Path

from neurosim.cli.outcomes import names_as_asked
from neurosim.errors import ResultFileError, UsageError
from neurosim.experiment import find_experiment
from neurosim.experiment.settings import config_from
from neurosim.store import open_results

DPI = 72


def draw_movie(path: Path, *, out: Path | None, overwrite: bool) -> None:
    """Write the movie of a complete run as an animated GIF, by default beside the result file, and print its path.

    Raises UsageError when the study has no movie, the run is not complete, or the movie would replace a file.
    """
    os.environ["MPLBACKEND"] = "Agg"
    out = path.with_suffix(".gif") if out is None else out
    if out.suffix != ".gif":
        raise UsageError(f"{out}: the name of a movie ends in '.gif'")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists: choose another name by --out, or replace it with --overwrite")
    with open_results(path) as results:
        with names_as_asked():
            experiment = find_experiment(str(results.attributes.get("experiment")))
        if experiment.movie is None:
            raise UsageError(f"experiment '{experiment.name}' has no movie")
        if results.status != "complete":
            raise UsageError(f"{path}: the run is {results.status}: finish it with --resume")
        _, preset = experiment.preset(results.attributes.get("preset"))
        animation = experiment.movie(config_from(preset, results.config), results)
        try:
            animation.save(out, writer="pillow", dpi=DPI)
        except OSError as error:
            raise ResultFileError(f"{out}: cannot be written: {error.strerror or error}") from error
    print(f"movie:   {out}")
