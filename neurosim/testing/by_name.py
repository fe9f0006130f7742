"""Rules named by text, as the command line does: a registered name, 'module:Class', or a file with its class."""

from __future__ import annotations

from collections.abc import Sequence

from neurosim.errors import UnknownNameError, UsageError
from neurosim.model.registries import rules
from neurosim.model.rule import Rule
from neurosim.modules import is_place, module_at, split
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
    if not is_place(target):
        return _registered(target)
    place, name = split(target)
    module = module_at(place, "Class")
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
