"""Running an experiment from the command line."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

from neurosim.cli.outcomes import DONE, INTERRUPTED, names_as_asked
from neurosim.errors import ResultFileError, UsageError
from neurosim.experiment import (
    Experiment,
    Outcome,
    Run,
    default_display,
    find_experiment,
    new_run,
    resumed_run,
)
from neurosim.experiment.runner import figure_of
from neurosim.experiment.settings import with_settings
from neurosim.store import parts_folder

FOLDER = Path("results")


def run_experiment(
    name: str, *, quiet: bool, resume: Path | None, workers: int | None, **options: Any
) -> int:
    """Run or resume an experiment, print its claims and where its files are, and return the exit code."""
    # Figures are files here; nothing may open a window.
    os.environ["MPLBACKEND"] = "Agg"
    with names_as_asked():
        experiment = find_experiment(name)
        if resume is None:
            run = _new(experiment, workers=workers, **options)
        else:
            _refuse(options)
            run = resumed_run(experiment, resume, workers=workers)
    try:
        outcome = run.execute(default_display(quiet=quiet))
    except KeyboardInterrupt:
        print(
            f"neurosim: interrupted; what is finished is in {run.path}, go on with: "
            f"neurosim run {name} --resume {run.path}",
            file=sys.stderr,
        )
        return INTERRUPTED
    if not quiet:
        _report(outcome)
    return DONE


def _new(
    experiment: Experiment[Any],
    *,
    seed: int | None,
    preset: str | None,
    out: Path | None,
    assignments: list[str],
    engine: str | None,
    workers: int | None,
    overwrite: bool,
) -> Run:
    seed = 0 if seed is None else seed
    preset, config = experiment.preset(preset)
    config = with_settings(config, assignments)
    if engine is not None:
        from neurosim.cli.listing import registry_of

        registry_of("engines").get(engine)
    if out is None:
        out = _free_name(f"{experiment.name}-{preset}-seed{seed}", overwrite=overwrite)
    return new_run(
        experiment,
        config,
        out=out,
        seed=seed,
        engine=engine,
        workers=workers,
        preset=preset,
        overwrite=overwrite,
        command=["neurosim", *sys.argv[1:]],
    )


def _free_name(stem: str, *, overwrite: bool) -> Path:
    """Return a result file in the default folder that does not exist: stem.h5, stem-2.h5, stem-3.h5 ..."""
    try:
        FOLDER.mkdir(exist_ok=True)
    except OSError as error:
        raise ResultFileError(f"{FOLDER}: cannot be made here: {error.strerror}; give --out") from error
    for suffix in itertools.chain([""], (f"-{number}" for number in itertools.count(2))):
        path = FOLDER / f"{stem}{suffix}.h5"
        if overwrite or not any(taken.exists() for taken in (path, parts_folder(path), figure_of(path))):
            return path
    raise AssertionError("numbers do not end")


def _refuse(options: dict[str, Any]) -> None:
    """Raise UsageError when an option is given that a resumed run takes from its file."""
    flags = {"assignments": "--set"}
    given = [
        flags.get(name, f"--{name}")
        for name, value in options.items()
        if not (value is None or value is False or value == [])
    ]
    if given:
        raise UsageError(f"--resume goes on with what the run was started with; leave out {', '.join(given)}")


def _report(outcome: Outcome) -> None:
    from neurosim.cli.console import console
    from neurosim.cli.show import claims_table

    out = console()
    out.print(claims_table([claim.json() for claim in outcome.claims]))
    print(f"results: {outcome.path}")
    if outcome.figure is not None:
        print(f"figure:  {outcome.figure}")
    print(f"time:    {outcome.seconds:.1f} s")
