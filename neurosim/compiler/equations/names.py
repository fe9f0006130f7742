"""The names that equations may hold: those of the clock, those that are reserved, and those of a rule or synapse.

A name that is made here, such as that of a random number, has two underscores in a row, which no user's name has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from brian2 import second

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.expressions import CONSTANTS, DRAWN, Statement, names_in, parse_statements, substitute
from neurosim.model.functions import FUNCTIONS
from neurosim.model.parts import MAX_NAME
from neurosim.model.units import DIMENSIONLESS, Dimension
from neurosim.registry import suggest

SECOND = second.dim
FOREVER = 2**30 - 1
"""Steps of a refractory period that a condition ends."""
ACTIVE, LAST_SPIKE = "active", "lastspike"
"""Whether a neuron is not refractory, which users call `not_refractory`; the time of its last spike."""
CLOCK: Mapping[str, Dimension] = {"t": SECOND, "dt": SECOND, "t_in_timesteps": DIMENSIONLESS}
RESERVED = frozenset(
    {
        *CLOCK, "w", "i", "j", "N", "xi", "output", "lastspike", "not_refractory", "spike", "active", "select",
        *CONSTANTS, *FUNCTIONS, *DRAWN,
    }
)  # fmt: skip


def clock(step: int, dt: float) -> dict[str, float]:
    """Return the values of the clock's names at a step."""
    return {"t": step * dt, "dt": dt, "t_in_timesteps": step}


def part_of(name: str, *parts: str) -> str:
    """Return the name of something that belongs to a variable, such as the window of an activity."""
    return "__".join((name, *parts))


def event_population(population: str, event: str | None) -> str:
    """Return the name of the population that answers to an event of another, or of that itself for its spikes."""
    return population if event is None else f"{population}_at_{event}"


def shown(text: str) -> str:
    """Return a text as users write it: x_post for the variable x of the target, x for what a synapse keeps."""
    text = re.sub(r"\bunit__(\w+?)(__pre|__post)?\b", r"\1", text)
    return re.sub(r"__(pre|post)\b", r"_\1", re.sub(r"\b(?!output__)(\w+?)__of__\w+\b", r"\1", text))


def check_variable(name: str, taken: Iterable[str], where: str) -> None:
    """Refuse a name that a variable cannot have."""
    if name in taken:
        raise DescriptionError(f"{where}: the name '{name}' is reserved or taken twice: rename it")
    if name.startswith("_") or "__" in name:
        raise DescriptionError(
            f"{where}: the name '{name}': no underscore at the start, and no two in a row: rename it"
        )
    if len(name) > MAX_NAME:
        raise DescriptionError(
            f"{where}: the name '{name[:20]}...' has {len(name)} letters: use at most {MAX_NAME}"
        )


def renamed(text: str, names: Mapping[str, str], title: str) -> str:
    """Return an expression of a rule or synapse in names of the network.

    Arguments: text, checked before; names, what it may speak of, each with its expression; title, for messages.
    Raises UnknownNameError on any other name.
    """
    for name in sorted(names_in(text) - names.keys() - CLOCK.keys()):
        raise UnknownNameError(f"{title}: unknown name '{name}' in '{text.strip()}': {suggest(name, names)}")
    return substitute(text, names)


def local(name: str) -> str:
    """Return the name of a variable that statements define for themselves."""
    return f"_{name}"


def defines(statements: Sequence[Statement], place: int, known: Iterable[str]) -> bool:
    """Return whether the statement at a place defines a variable that later ones read, under a name that is free."""
    statement = statements[place]
    free = statement.op == "=" and statement.target not in known
    later = statements[place + 1 :]
    return free and any(
        statement.target in names_in(s.expression) or (s.target == statement.target and s.op != "=")
        for s in later
    )


def renamed_statements(
    text: str,
    names: Mapping[str, str],
    writable: Iterable[str],
    title: str,
    kind: str = "variable of the rule",
) -> list[Statement]:
    """Return statements in names of the network; raises DescriptionError if one writes something else."""
    found, names, statements = list[Statement](), dict(names), parse_statements(text, title)
    for place, statement in enumerate(statements):
        if defines(statements, place, {*names, *writable}):
            check_variable(statement.target, RESERVED, title)
            own = local(statement.target)
            found.append(Statement(own, "=", renamed(statement.expression, names, title)))
            names[statement.target] = own
            writable = {*writable, statement.target}
            continue
        if statement.target not in writable:
            raise DescriptionError(
                f"{title}: '{statement}' writes '{statement.target}', which is no {kind}: "
                f"{suggest(statement.target, writable)}"
            )
        expression = renamed(statement.expression, names, title)
        found.append(Statement(names[statement.target], statement.op, expression))
    return found
