"""A network as readable text and as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx

from neurosim.model.clamp import Clamp, Column, Replay
from neurosim.model.parts import Driven, Projection, Tied
from neurosim.model.rule import SynapticRule
from neurosim.model.structural import StructuralRule

if TYPE_CHECKING:
    from neurosim.model.network import Network


def summary(network: Network) -> str:
    """Return a few lines that say what the network is made of."""
    lines = [f"Network '{network.name}', dt = {network.dt}"]
    for population in network.populations.values():
        rules = "".join(f" + {type(rule).__name__}" for rule in population.rules)
        lines.append(
            f"  population {population.name}: {population.size} x {type(population.model).__name__}{rules}"
        )
    for projection in network.projections.values():
        lines.append(f"  projection {_line(projection)}")
    for parameter in network.parameters.values():
        sign = {1: " (>= 0)", -1: " (<= 0)"}.get(parameter.sign, "")
        lines.append(f"  parameter {parameter.name} = {parameter.value}{sign}")
    for external in network.externals.values():
        lines.append(
            f"  external {external.name}: {', '.join(external.reads)} -> {', '.join(external.writes)}"
        )
    if network.recorders:
        lines.append(f"  records {', '.join(r.key for r in network.recorders)}")
    for operation in network.operations:
        lines.append(f"  every {operation.every}, {operation.target}: {operation.statements.strip()}")
    for stop in network.stops.values():
        lines.append(f"  stops when {stop.target}: {stop.condition}")
    for clamp in network.clamps:
        lines.append(f"  clamp {clamp.target}.{clamp.variable} = {_held(clamp)}")
    return "\n".join(lines)


def _held(clamp: Clamp) -> str:
    value = clamp.value
    text = f"column '{value.name}'" if isinstance(value, Column) else f"{value}"
    text = "a replay" if isinstance(value, Replay) else text
    return text if clamp.direction is None else f"{text} along {clamp.direction.shape[1]} directions"


def _line(projection: Projection) -> str:
    rules = "".join(f" + {type(rule).__name__}{_every(rule)}" for rule in projection.rules)
    return (
        f"{projection.name}: {projection.source} -> {projection.target}, {type(projection.synapse).__name__} "
        f"on {projection.synapse.port}, {projection.connect.kind}, weight {weight_text(projection)}, "
        f"delay {delay_text(projection)}{rules}"
    )


def delay_text(projection: Projection) -> str:
    """Return the delays of a projection in a few words."""
    dendritic = projection.dendritic_delay
    return short_value(projection.delay) + ("" if dendritic is None else f" and {dendritic} dendritic")


def _every(rule: SynapticRule) -> str:
    return f" every {rule.interval}" if isinstance(rule, StructuralRule) else ""


def weight_text(projection: Projection) -> str:
    """Return the weight of a projection in a few words."""
    weight = projection.weight
    if isinstance(weight, Driven):
        return f"driven by {weight.population}"
    return f"tied to {weight.parameter}" if isinstance(weight, Tied) else short_value(weight)


def short_value(value: Any) -> str:
    """Return a value in a few words: an array by its shape."""
    shape = getattr(value, "shape", ())
    return f"array{shape}" if shape else str(value)


def graph(network: Network) -> nx.MultiDiGraph:
    """Return the populations as nodes and the projections as keyed edges of a networkx graph."""
    drawn = nx.MultiDiGraph(name=network.name)
    for population in network.populations.values():
        drawn.add_node(population.name, size=population.size, model=type(population.model).__name__)
    for p in network.projections.values():
        attributes = {
            "synapse": type(p.synapse).__name__,
            "port": p.synapse.port,
            "connectivity": p.connect.kind,
            # Text, not a list, since GraphML and GEXF cannot store lists.
            "rules": ", ".join(type(rule).__name__ for rule in p.rules),
        }
        drawn.add_edge(p.source, p.target, key=p.name, **attributes)
    return drawn
