"""The equations of a rule, from its own names to the names of the network that it is put on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.expressions import Statement, names_in, parse_statements, substitute
from neurosim.model.units import advice
from neurosim.registry import suggest

CLOCK_NAMES = frozenset({"t", "dt", "t_in_timesteps"})


def renamed(text: str, names: Mapping[str, str], title: str) -> str:
    """Return an expression of a rule in names of the network.

    Arguments: text, checked before; names, what the rule may speak of, each with its expression; title, for messages.
    Raises UnknownNameError on any other name.
    """
    for name in sorted(names_in(text) - names.keys() - CLOCK_NAMES):
        raise UnknownNameError(f"{title}: unknown name '{name}' in '{text.strip()}': {advice(name, names)}")
    return substitute(text, names)


def renamed_statements(
    text: str, names: Mapping[str, str], writable: Iterable[str], title: str
) -> list[Statement]:
    """Return the statements of a rule in names of the network; raises DescriptionError if one writes something else."""
    found = []
    for statement in parse_statements(text, title):
        if statement.target not in writable:
            raise DescriptionError(
                f"{title}: '{statement}' writes '{statement.target}', which is no variable of the rule: "
                f"{suggest(statement.target, writable)}"
            )
        expression = renamed(statement.expression, names, title)
        found.append(Statement(names[statement.target], statement.op, expression))
    return found
