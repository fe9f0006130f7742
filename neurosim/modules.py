"""Modules named by text, as on a command line: 'path/to/file.py' or 'package.module'."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from neurosim.errors import DescriptionError, NeurosimError, UsageError


def is_place(target: str) -> bool:
    """Tell whether a text names a module: 'file.py', 'file.py:name' or 'package.module:name'."""
    return target.endswith(".py") or ":" in target


def split(target: str) -> tuple[str, str]:
    """Return the module and the name in it, '' if none is given."""
    place, _, name = (target, "", "") if target.endswith(".py") else target.rpartition(":")
    return place, name


def module_at(place: str, what: str) -> ModuleType:
    """Import a module by its name or its file, whose folder its imports are searched in first, as by Python itself.

    Arguments:
        place: 'path/to/file.py' or 'package.module', also of the folder in which the process works.
        what: the word for what is named in it, for messages ('Class').

    Raises UsageError if there is no such file or module, DescriptionError if a file cannot be imported.
    """
    if place.endswith(".py"):
        return _from_file(Path(place), what)
    _search(os.getcwd())
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"no module '{place}' ({error}): give 'module:{what}' or 'path/to/file.py:{what}'"
        ) from None


def _search(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _from_file(path: Path, what: str) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no file '{path}': give 'path/to/file.py:{what}'")
    held = sys.modules.get(path.stem)
    if held is not None and getattr(held, "__file__", None) == str(path.resolve()):
        return held
    if held is not None or path.stem in sys.stdlib_module_names:
        raise UsageError(
            f"'{path}' cannot be imported, since a module '{path.stem}' already exists: rename the file"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    searched = [*sys.path]
    _search(str(path.resolve().parent))
    # Under its name, so that the same file is not imported twice and its classes are not registered twice.
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[path.stem]
        sys.path[:] = searched
        if isinstance(error, SyntaxError):
            raise DescriptionError(f"'{path}', line {error.lineno}: {error.msg}: correct it") from None
        if isinstance(error, NeurosimError | KeyboardInterrupt):
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DescriptionError(f"'{path}' cannot be imported ({reason}): correct it") from error
    return module
