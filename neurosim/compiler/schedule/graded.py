"""The order in which graded signals are worked out within a step."""

from __future__ import annotations

import networkx as nx

from neurosim.compiler.equations.forms import Expanded, Unit
from neurosim.errors import DescriptionError
from neurosim.model.expressions import names_in


def follows_input(unit: Unit, definition: str) -> bool:
    """Return whether a definition depends on a port within the step (a stateless unit), not only through states."""
    seen: set[str] = set()
    open_names = [definition]
    while open_names:
        name = open_names.pop()
        if name in unit.ports:
            return True
        if name in unit.definitions and name not in seen:
            seen.add(name)
            open_names += names_in(unit.definitions[name])
    return False


def graded_order(expanded: Expanded) -> list[str]:
    """Return the populations so that each comes after the stateless ones that feed it; refuses a cycle of those."""
    order = nx.DiGraph()
    order.add_nodes_from(expanded.units)
    for link in expanded.links.values():
        for end, suffix in ((link.source, "_pre"), (link.target, "_post")):
            read = [n.removesuffix(suffix) for n in names_in(link.graded or "0") if n.endswith(suffix)]
            if any(follows_input(expanded.units[end], name) for name in read):
                order.add_edge(end, link.target)
    try:
        # Ties are broken by the order of the description, so that the same network always gives the same program.
        position = {name: i for i, name in enumerate(expanded.units)}
        return list(nx.lexicographical_topological_sort(order, key=position.__getitem__))
    except nx.NetworkXUnfeasible:
        cycle = [edge[0] for edge in nx.find_cycle(order)]
        raise DescriptionError(
            f"network '{expanded.network.name}': the stateless populations {' -> '.join([*cycle, cycle[0]])} form a "
            "cycle: give one of them dynamics (LeakyRate) or remove a projection"
        ) from None
