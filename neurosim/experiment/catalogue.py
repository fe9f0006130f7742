"""Experiments by name: our own are the modules of a package, others come by entry point; none is imported early."""

from __future__ import annotations

import ast
from importlib import import_module, metadata, util
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from neurosim.errors import DescriptionError, MissingExtra, UnknownNameError
from neurosim.experiment.experiment import Experiment
from neurosim.extras import optional
from neurosim.registry import suggest

GROUP = "neurosim.experiments"


def experiment_names() -> list[str]:
    """Return the names of all installed experiments in alphabetical order."""
    return sorted(_entries())


def experiment_summary(name: str) -> str:
    """Return the first line of the docstring of an experiment's module, which is read but not imported."""
    try:
        spec = util.find_spec(_entries()[name].module)
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))  # type: ignore[arg-type,union-attr]
    except (AttributeError, ImportError, OSError, SyntaxError, TypeError, ValueError):
        return "(not found)"
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def find_experiment(name: str) -> Experiment[Any]:
    """Return an experiment by its name.

    Raises UnknownNameError with the nearest name, DescriptionError when what is installed under it is none,
    MissingExtra when it needs a library that is not installed.
    """
    entries = _entries()
    if name not in entries:
        raise UnknownNameError(f"unknown experiment '{name}': {suggest(name, entries)}")
    entry = entries[name]
    try:
        with optional():
            found = entry.load()
    except MissingExtra:
        raise
    except (ImportError, AttributeError) as error:
        raise DescriptionError(f"experiment '{name}': '{entry.value}' cannot be loaded: {error}") from error
    if not isinstance(found, Experiment):
        raise DescriptionError(
            f"experiment '{name}': '{entry.value}' is no Experiment; name the object, as in 'module:experiment'"
        )
    return found


def _entries() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in (*metadata.entry_points(group=GROUP), *_own())}


def _own() -> list[metadata.EntryPoint]:
    """Return our own studies: `NAME.py`, or `study.py` in a folder NAME; no other package takes their names."""
    # By name, so that this layer does not import the layer above it.
    modules = iter_modules(import_module(GROUP).__path__, f"{GROUP}.")
    return [
        metadata.EntryPoint(
            module.name.rpartition(".")[2], f"{module.name}{'.study' * module.ispkg}:experiment", GROUP
        )
        for module in modules
    ]
