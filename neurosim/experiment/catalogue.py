"""Experiments by name: our own are the modules of a package, others come by entry point; or by the file they are in."""

from __future__ import annotations

import ast
from importlib import import_module, metadata, util
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from neurosim.errors import DescriptionError, MissingExtra, UnknownNameError, UsageError
from neurosim.experiment.experiment import Experiment
from neurosim.extras import optional
from neurosim.modules import is_place, module_at, split
from neurosim.registry import suggest

GROUP = "neurosim.experiments"


# Studies of files and modules that were named in this process, by their names.
_NAMED: dict[str, Experiment[Any]] = {}


def experiment_names() -> list[str]:
    """Return the names of all installed experiments in alphabetical order."""
    return sorted(_entries())


def experiment_summary(name: str) -> str:
    """Return the first line of the docstring of an experiment's module, which is read but not imported.

    Where the experiment cannot be used, the reason is returned.
    """
    entries = _entries()[name]
    if len(entries) > 1:
        return f"(cannot be used: {_taken(name, entries)})"
    module, _, attribute = entries[0].value.partition(":")
    try:
        spec = util.find_spec(module)
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))  # type: ignore[arg-type,union-attr]
    except SyntaxError as error:
        return f"(cannot be used: {module}, line {error.lineno}: {error.msg})"
    except (AttributeError, ImportError, OSError, TypeError, ValueError):
        return f"(cannot be used: no module '{module}')"
    if attribute not in _assigned(tree):
        return f"(cannot be used: {module} has no '{attribute}'; name the object, as in 'module:experiment')"
    return (ast.get_docstring(tree) or "(no docstring)").partition("\n")[0]


def find_experiment(target: str) -> Experiment[Any]:
    """Return an experiment: by its name, or from 'file.py', 'file.py:name' or 'package.module:name'.

    A file alone stands for the only experiment in it. It is imported, so give only a file that you would run; its
    experiment is found by its name too from then on, before those that are installed.
    Raises UnknownNameError with the nearest name, DescriptionError when what is installed under it is none,
    UsageError when a file or module contains none, MissingExtra when it needs a library that is not installed.
    """
    if is_place(target):
        found = _from_module(target)
        _NAMED[found.name] = found
        return found
    if target in _NAMED:
        return _NAMED[target]
    entries = _entries()
    if target not in entries:
        raise UnknownNameError(
            f"unknown experiment '{target}': {suggest(target, entries)}; one that is not installed is named by its "
            "file, 'file.py'"
        )
    if len(entries[target]) > 1:
        raise DescriptionError(f"experiment '{target}' {_taken(target, entries[target])}")
    entry = entries[target][0]
    try:
        with optional():
            loaded = entry.load()
    except MissingExtra:
        raise
    except (ImportError, AttributeError) as error:
        raise DescriptionError(f"experiment '{target}': '{entry.value}' cannot be loaded: {error}") from error
    if not isinstance(loaded, Experiment):
        raise DescriptionError(
            f"experiment '{target}': '{entry.value}' is not an Experiment: name the object, as in 'module:experiment'"
        )
    if loaded.name != target:
        raise DescriptionError(
            f"experiment '{target}': '{entry.value}' has the name '{loaded.name}': "
            "give the entry point and the Experiment one name"
        )
    return loaded


def _from_module(target: str) -> Experiment[Any]:
    place, name = split(target)
    with optional():
        module = module_at(place, "experiment")
    held = {key: value for key, value in vars(module).items() if isinstance(value, Experiment)}
    if not name:
        if not held:
            raise UsageError(f"'{place}' contains no Experiment: give a file that defines one")
        if len(held) > 1:
            raise UsageError(
                f"'{place}' contains {len(held)} experiments ({', '.join(held)}): name one, "
                f"as '{place}:{next(iter(held))}'"
            )
        (name,) = held
    if name not in held:
        raise UsageError(f"'{place}' has no Experiment '{name}': {suggest(name, held)}")
    return held[name]


def _assigned(tree: ast.Module) -> set[str]:
    """Return the names that a module assigns or imports at its top level."""
    bodies = (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
    nodes = [n for statement in tree.body if not isinstance(statement, bodies) for n in ast.walk(statement)]
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return imported | {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _taken(name: str, entries: list[metadata.EntryPoint]) -> str:
    owners = [f"the package '{entry.dist.name}'" if entry.dist else "neurosim" for entry in entries]
    return f"is the name of experiments of {' and of '.join(owners)}: rename one, or uninstall its package"


def _entries() -> dict[str, list[metadata.EntryPoint]]:
    """Return what is installed by name: one entry, or several that claim the name."""
    found: dict[str, list[metadata.EntryPoint]] = {}
    for entry in (*_own(), *metadata.entry_points(group=GROUP)):
        found.setdefault(entry.name, []).append(entry)
    return found


def _own() -> list[metadata.EntryPoint]:
    """Return our own studies: `NAME.py`, or `study.py` in a folder NAME."""
    # By name, so that this layer does not import the layer above it.
    modules = iter_modules(import_module(GROUP).__path__, f"{GROUP}.")
    return [
        metadata.EntryPoint(
            module.name.rpartition(".")[2], f"{module.name}{'.study' * module.ispkg}:experiment", GROUP
        )
        for module in modules
    ]
