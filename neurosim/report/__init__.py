"""Reports: one self-contained page of HTML about a run or a sweep."""

from __future__ import annotations

from pathlib import Path

from neurosim.report.of_file import file_report
from neurosim.report.of_sweep import sweep_report
from neurosim.store import open_results
from neurosim.sweep import read_sweep

__all__ = ["file_report", "report", "sweep_report"]


def report(path: str | Path) -> str:
    """Return the page of a result file, or of a sweep if the path is a folder, as HTML text.

    Raises ResultFileError when it is neither, MissingExtra without Bokeh.
    """
    path = Path(path)
    if path.is_dir():
        return sweep_report(read_sweep(path))
    with open_results(path) as results:
        return file_report(results)
