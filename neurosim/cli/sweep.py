"""Spreading a study over seeds and settings, and the table of what came out."""

from __future__ import annotations

import os
from pathlib import Path

from neurosim.cli.exit_codes import DONE, FAILED, names_as_asked
from neurosim.cli.run import FOLDER
from neurosim.errors import ResultFileError, UsageError
from neurosim.experiment import default_display, find_experiment


def sweep_experiment(
    name: str,
    *,
    seeds: str,
    alternatives: list[str],
    preset: str | None,
    engine: str | None,
    out: Path | None,
    workers: int | None,
    scheduler: str | None,
    retry: bool,
    quiet: bool,
) -> int:
    """Do the runs of a sweep that are not done, print what came of them, and return the exit code."""
    # Figures are files here; nothing may open a window.
    os.environ["MPLBACKEND"] = "Agg"
    from neurosim.sweep import make_sweep, planned, run_sweep, seeds_from

    if workers is not None and scheduler is not None:
        raise UsageError("--workers is about this machine: leave it out beside --scheduler")
    if workers is not None and workers < 1:
        raise UsageError(f"workers {workers}: at least 1 is needed")
    with names_as_asked():
        if engine is not None:
            from neurosim.cli.listing import registry_of

            registry_of("engines").get(engine)
        experiment = find_experiment(name)
        preset, _ = experiment.preset(preset)
        runs = planned(experiment.name, seeds_from(seeds), alternatives, preset=preset, engine=engine)
    sweep = make_sweep(FOLDER / f"{experiment.name}-{preset}-sweep" if out is None else out, runs)
    display = default_display(quiet=quiet)
    try:
        with display.stage("runs"):
            failures = run_sweep(
                sweep,
                study=None if name == experiment.name else name,
                workers=workers,
                scheduler=scheduler,
                retry=retry,
                tell=lambda done, total, text: display.advance("runs", done, total, text),
            )
    finally:
        display.close()
    if not quiet:
        states = [sweep.state(run) for run in sweep.runs]
        print(f"{states.count('complete')} complete, {states.count('failed')} failed")
        for run, why in failures.items():
            print(f"failed:  {run}: {why}")
        print(f"sweep:   {sweep.folder}\nnext:    neurosim table {sweep.folder}")
    return FAILED if failures else DONE


def print_table(folder: Path, *, out: Path | None, overwrite: bool) -> None:
    """Print the table of a sweep as CSV, or write it to a file; raises UsageError when that exists."""
    from neurosim.sweep import table, to_csv

    text = to_csv(table(folder))
    if out is None:
        print(text, end="")
        return
    if out.suffix != ".csv":
        raise UsageError(f"{out}: the name of a table ends in '.csv'")
    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists: choose another name, or replace it with --overwrite")
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise ResultFileError(f"{out}: cannot be written: {error.strerror}") from error
    print(f"table:   {out}")
