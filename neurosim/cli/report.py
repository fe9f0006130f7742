"""Writing the report of a run or a sweep."""

from __future__ import annotations

import os
from pathlib import Path

from neurosim.cli.exit_codes import names_as_asked
from neurosim.errors import ResultFileError, UsageError
from neurosim.experiment import find_experiment


def write_report(path: Path, *, out: Path | None, study: str | None, overwrite: bool) -> None:
    """Write the report of a result file or of a sweep's folder, by default beside it, and print its path.

    Raises UsageError when it would replace a file or the name does not end in '.html'.
    """
    # Figures are part of the page; nothing may open a window.
    os.environ["MPLBACKEND"] = "Agg"
    from neurosim.report import report

    if study is not None:
        with names_as_asked():
            find_experiment(study)

    if out is None:
        out = path / "report.html" if path.is_dir() else path.with_suffix(".html")
    if out.suffix not in (".html", ".htm"):
        raise UsageError(f"{out}: the name of a report ends in '.html'")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists: choose another name by --out, or replace it with --overwrite")
    text = report(path)
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ResultFileError(f"{out}: cannot be written: {error.strerror}") from error
    print(f"report:  {out}")
