"""Running an experiment from the command line."""

from __future__ import annotations

import itertools
import os
import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from neurosim.cli.exit_codes import DONE, Interrupted, names_as_asked
from neurosim.errors import OutputTaken, ResultFileError, UsageError
from neurosim.experiment import (
    CompletedRun,
    Experiment,
    Run,
    default_display,
    find_experiment,
    new_run,
    resumed_run,
)
from neurosim.experiment.settings import with_settings
from neurosim.experiment.units import parse_number
from neurosim.modules import is_place

FOLDER = Path("results")


def run_experiment(
    name: str,
    *,
    quiet: bool,
    resume: Path | None,
    workers: int | None,
    checkpoint_every: str,
    **options: Any,
) -> int:
    """Run or resume an experiment, print its claims and where its files are, and return the exit code."""
    # Figures are files here; nothing may open a window.
    os.environ["MPLBACKEND"] = "Agg"
    with names_as_asked():
        experiment = find_experiment(name)
        every = parse_number(checkpoint_every, "s")
        if resume is None:
            run = _new(experiment, workers=workers, checkpoint_every=every, **options)
        else:
            _refuse(options)
            run = resumed_run(experiment, resume, workers=workers, checkpoint_every=every)
    try:
        completed = run.execute(default_display(quiet=quiet))
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted; {_what_is_left(name, run)}") from error
    if not quiet:
        _report(completed)
    return DONE


def _what_is_left(name: str, run: Run) -> str:
    path = shlex.quote(str(run.path))
    if run.complete:
        study = f" --study {shlex.quote(name)}" if is_place(name) else ""
        return f"{run.path} is complete, draw its figure with: neurosim figure {path}{study}"
    place = run.path if run.parts.left() else run.parts.folder
    return f"what is finished is in {place}, continue with: neurosim run {shlex.quote(name)} --resume {path}"


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
    checkpoint_every: float,
) -> Run:
    seed = 0 if seed is None else seed
    preset, config = experiment.preset(preset)
    config = with_settings(config, assignments)
    if engine is not None:
        from neurosim.cli.listing import registry_of

        registry_of("engines").get(engine)
    start = partial(
        new_run,
        experiment,
        config,
        seed=seed,
        engine=engine,
        workers=workers,
        preset=preset,
        overwrite=overwrite,
        checkpoint_every=checkpoint_every,
        command=["neurosim", *sys.argv[1:]],
    )
    if out is not None:
        return start(out=out)
    for path in _names(f"{experiment.name}-{preset}-seed{seed}"):
        try:
            return start(out=path)
        except OutputTaken:
            if overwrite:
                raise
    raise AssertionError("numbers do not end")


def _names(stem: str) -> Iterator[Path]:
    """Yield result files in the default folder: stem.h5, stem-2.h5, stem-3.h5 ..."""
    try:
        FOLDER.mkdir(exist_ok=True)
    except OSError as error:
        raise ResultFileError(f"{FOLDER}: cannot be made here: {error.strerror}; give --out") from error
    for suffix in itertools.chain([""], (f"-{number}" for number in itertools.count(2))):
        yield FOLDER / f"{stem}{suffix}.h5"


def _refuse(options: dict[str, Any]) -> None:
    """Raise UsageError when an option is given that a resumed run takes from its file."""
    flags = {"assignments": "--set"}
    given = [
        flags.get(name, f"--{name}")
        for name, value in options.items()
        if not (value is None or value is False or value == [])
    ]
    if given:
        raise UsageError(
            f"--resume continues with what the run was started with; leave out {', '.join(given)}"
        )


def _report(completed: CompletedRun) -> None:
    from neurosim.cli.console import console
    from neurosim.cli.show import claims_table

    out = console()
    out.print(claims_table([claim.json() for claim in completed.claims]))
    print(f"results: {completed.path}")
    if completed.figure is not None:
        print(f"figure:  {completed.figure}")
    print(f"time:    {completed.seconds:.1f} s")
