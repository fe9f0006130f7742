"""Drawing what a result file holds."""

from __future__ import annotations

import re
from pathlib import Path

from neurosim.cli.exit_codes import names_as_asked
from neurosim.errors import ResultFileError, UsageError
from neurosim.store import open_results

_FORMATS = (".png", ".svg", ".pdf")
DPI = 150


def plot_file(path: Path, what: str | None, *, kind: str | None, out: Path | None, overwrite: bool) -> None:
    """Write a figure of spikes or of an array and print its path; without `what`, print the names that there are.

    Raises UsageError for an unknown name or kind, another ending, and when the figure would replace a file.
    """
    from matplotlib.figure import Figure

    from neurosim import plot

    with open_results(path) as results:
        if what is None:
            print("\n".join(plot.names(results)) or f"{path}: holds nothing to draw")
            return
        out = _beside(path, what, kind) if out is None else out
        if out.suffix not in _FORMATS:
            raise UsageError(f"{out}: the name of a figure ends in one of {', '.join(_FORMATS)}")
        if out.exists() and not overwrite:
            raise UsageError(f"{out} exists: choose another name by --out, or replace it with --overwrite")
        figure = Figure(figsize=(6.0, 3.2), layout="constrained")
        with names_as_asked():
            plot.draw(results, what, kind, axes=figure.subplots())
        try:
            figure.savefig(out, dpi=DPI)
        except OSError as error:
            raise ResultFileError(f"{out}: cannot be written: {error.strerror or error}") from error
    print(f"figure:  {out}")


def _beside(path: Path, what: str, kind: str | None) -> Path:
    words = [path.stem, *re.findall(r"[\w.]+", what), *([kind] if kind else [])]
    return path.with_name(f"{'-'.join(words)}.png")
