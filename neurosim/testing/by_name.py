"""Rules named by text, as the command line does: a registered name, 'module:Class', or a file with its class."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from neurosim.errors import DescriptionError, NeurosimError, UnknownNameError, UsageError
from neurosim.model.registries import rules
from neurosim.model.rule import Rule
from neurosim.registry import suggest
from neurosim.testing.check import check_rule
from neurosim.testing.report import ContractReport


def check_rule_by_name(target: str, *, engines: Sequence[str] | None = None, seed: int = 0) -> ContractReport:
    """Check the contract of a rule that is named by text.

    Arguments:
        target: as for `load_rule`.
        engines: names of engines (all if omitted).
        seed: of all random streams.

    Returns and raises what `check_rule` and `load_rule` do.
    """
    return check_rule(load_rule(target), engines=engines, seed=seed)


def load_rule(target: str) -> type[Rule]:
    """Return the class of a rule: 'Oja' (registered), 'package.module:Class', 'path/to/file.py:Class' or 'file.py'.

    A file alone stands for the only rule in it. It is imported, so give only a file that you would run. Raises
    UsageError if there is no such file, module or class, or if the class is not a rule; UnknownNameError for a name
    that is not registered.
    """
    place, _, name = (target, "", "") if target.endswith(".py") else target.rpartition(":")
    if not place:
        return _registered(target)
    module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    own = {
        name: held
        for name, held in vars(module).items()
        if isinstance(held, type) and issubclass(held, Rule) and held.__module__ == module.__name__
    }
    if place == target:
        if not own:
            raise UsageError(f"'{place}' contains no rule: give a file with a class that is one")
        if len(own) > 1:
            raise UsageError(
                f"'{place}' contains {len(own)} rules ({', '.join(own)}): name one, as '{place}:Class'"
            )
        (name,) = own
    found = getattr(module, name, None)
    if not isinstance(found, type) or not issubclass(found, Rule):
        raise UsageError(f"'{place}' has no rule '{name}': {suggest(name, own)}")
    return found


def _registered(name: str) -> type[Rule]:
    try:
        return rules.get(name)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error}; a rule of your own is 'module:Class' or 'file.py:Class'") from None


def _from_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"no module '{name}' ({error}): give 'module:Class' or 'path/to/file.py:Class'"
        ) from None


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no file '{path}': give 'path/to/file.py:Class'")
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
    # Under its name, so that the same file is not imported twice and its classes are not registered twice.
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[path.stem]
        if isinstance(error, SyntaxError):
            raise DescriptionError(f"'{path}', line {error.lineno}: {error.msg}: correct it") from None
        if isinstance(error, NeurosimError | KeyboardInterrupt):
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DescriptionError(f"'{path}' cannot be imported ({reason}): correct it") from error
    return module
