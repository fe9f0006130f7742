"""The equations of a rule, from its own names to the names of the network that it is put on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from brian2 import second

from neurosim.errors import DescriptionError, SignalMissing, UnknownNameError
from neurosim.model.expressions import CONSTANTS, FUNCTIONS, Statement, names_in, parse_statements, substitute
from neurosim.model.network import Network
from neurosim.model.units import DIMENSIONLESS, Dimension, advice
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


SECOND = second.dim


RESERVED = frozenset(
    {
        "t", "dt", "t_in_timesteps", "w", "i", "j", "N", "xi", "output", "lastspike", "not_refractory", "spike",
        "active", "select", *CONSTANTS, *FUNCTIONS,
    }
)  # fmt: skip


CLOCK: dict[str, Dimension] = {"t": SECOND, "dt": SECOND, "t_in_timesteps": DIMENSIONLESS}


def check_variable(name: str, taken: Iterable[str], where: str) -> None:
    """Refuse a name that a variable cannot have."""
    if name in taken:
        raise DescriptionError(f"{where}: the name '{name}' is reserved or taken twice: rename it")
    if name.startswith("_") or "__" in name:
        raise DescriptionError(
            f"{where}: the name '{name}': no underscore at the start, and no two in a row: rename it"
        )


def output_dimension(network: Network, population: str) -> Dimension:
    """Return the dimension of a population's output."""
    model = network.populations[population].model
    return model.parsed()[model.output].dim if model.output is not None else DIMENSIONLESS


def modulator_name(network: Network, population: str, size: int, title: str) -> str:
    """Return the name of a modulator in expanded texts, after a check that it is one unit or `size` units."""
    source = network.populations.get(population)
    if source is None or source.model.output is None:
        raise SignalMissing(
            f"{title}: it needs the modulator '{population}', one unit with a graded output: add "
            f"Population('{population}', 1, Signal()) or name another"
        )
    if source.size not in (1, size):
        raise DescriptionError(
            f"{title}: its modulator '{population}' has {source.size} units: give it 1, or {size}, one for each neuron"
        )
    return f"output{OF}{population}"


OF = "__of__"
"""Joins a modulator's variable to its population in the name by which rules read it."""
