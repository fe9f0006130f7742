"""The order in which graded signals are worked out within a step."""

from __future__ import annotations

import networkx as nx

from neurosim.compiler.equations.forms import NetworkEquations, PopulationEquations
from neurosim.errors import DescriptionError
from neurosim.model.expressions import names_in, substitute_all


def follows_input(population: PopulationEquations, definition: str) -> bool:
    """Return whether a definition or a value of groups depends on a port within the step, not only through states."""
    return reads_input(population, definition)


def reads_input(population: PopulationEquations, text: str) -> bool:
    """Return whether an expression depends on a port within the step."""
    seen: set[str] = set()
    open_names = [*names_in(text)]
    while open_names:
        name = open_names.pop()
        if name in population.groups:
            if name not in seen:
                seen.add(name)
                open_names += names_in(population.groups[name].expression)
            continue
        if name in population.ports:
            return True
        if name in population.definitions and name not in seen:
            seen.add(name)
            open_names += names_in(population.definitions[name])
    return False


def group_order(population: PopulationEquations) -> list[str]:
    """Return what is worked out over groups so that each comes after those that it reads."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        for other in _read_groups(population, population.groups[name].expression):
            visit(other)
        ordered.append(name)

    for name in population.groups:
        visit(name)
    return ordered


def _read_groups(population: PopulationEquations, text: str) -> list[str]:
    """Return the values of groups that an expression reads, through definitions too."""
    read = names_in(substitute_all(text, population.definitions))
    return sorted(read & population.groups.keys())


def graded_order(equations: NetworkEquations) -> list[str]:
    """Return the populations so that each comes after the stateless ones that feed it; refuses a cycle of those."""
    order = nx.DiGraph()
    order.add_nodes_from(name for name, found in equations.populations.items() if found.event is None)
    for projection in equations.projections.values():
        read = names_in(projection.delivery.graded or "0") & projection.refs.keys()
        for ref in (projection.refs[name] for name in read):
            if follows_input(equations.populations[ref.owner], ref.name):
                order.add_edge(ref.owner, projection.target)
    try:
        # Ties are broken by the order of the description, so that the same network always gives the same program.
        position = {name: i for i, name in enumerate(equations.populations)}
        return list(nx.lexicographical_topological_sort(order, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        cycle = [edge[0] for edge in nx.find_cycle(order)]
        raise DescriptionError(
            f"network '{equations.network.name}': the stateless populations {' -> '.join([*cycle, cycle[0]])} form a "
            "cycle: give one of them dynamics (LeakyRate) or remove a projection"
        ) from None
