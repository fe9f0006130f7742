"""The experiment of a file that a run has left."""

from __future__ import annotations

from typing import Any

from neurosim.cli.exit_codes import names_as_asked
from neurosim.errors import UnknownNameError, UsageError
from neurosim.experiment import Experiment, find_experiment


def experiment_of(name: str, study: str | None) -> Experiment[Any]:
    """Return the experiment that a file names, an installed one or that of `--study`.

    Raises UsageError when it is not known, or when `study` is another one.
    """
    try:
        with names_as_asked():
            found = None if study is None else find_experiment(study)
    except UsageError as error:
        raise UsageError(f"--study: {error}") from error
    if found is not None and found.name != name:
        raise UsageError(
            f"--study: '{study}' is the experiment '{found.name}', and the run is one of '{name}'"
        )
    try:
        return find_experiment(name)
    except UnknownNameError as error:
        raise UsageError(f"the run is one of an {error}: give it by --study file.py") from error
