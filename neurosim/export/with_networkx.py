"""Networks as graphs of networkx, a node for each neuron and an edge for each connection, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
from brian2 import ms

from neurosim.engines.simulation import Simulation
from neurosim.errors import DescriptionError
from neurosim.export.build import Listed, built
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.synapse import SynapseModel


def to_networkx(simulation: Simulation) -> nx.MultiDiGraph:
    """Return the connections as they are now, a node for each neuron, such as 'cells 3'.

    Nodes have the attributes 'population' and 'index'; edges 'projection', 'weight' (in SI units) and 'delay' (s).

    Arguments:
        simulation: a network that has drawn its connections, as `simulate` returns it.

    Raises DescriptionError for what is no simulation, since a description has not drawn its connections.
    """
    if not isinstance(simulation, Simulation):
        raise DescriptionError(
            f"to_networkx: a {type(simulation).__name__} has no connections yet: give simulate(network)"
        )
    network = simulation.recordings().network
    graph = nx.MultiDiGraph(name=network.name)
    for population in network.populations.values():
        for index in range(population.size):
            graph.add_node(f"{population.name} {index}", population=population.name, index=index)
    for projection in network.projections.values():
        pre, post = simulation.edges(projection.name)
        weight = np.broadcast_to(np.asarray(simulation.get(f"{projection.name}.w"), dtype=float), pre.shape)
        delay = np.asarray(simulation.delays(projection.name), dtype=float)
        rows = zip(pre.tolist(), post.tolist(), weight.tolist(), delay.tolist(), strict=True)
        graph.add_edges_from(
            (
                f"{projection.source} {a}",
                f"{projection.target} {b}",
                {"projection": projection.name, "weight": w, "delay": d},
            )
            for a, b, w, d in rows
        )
    return graph


def from_networkx(
    graph: nx.Graph,
    name: str,
    neurons: Mapping[str, NeuronModel],
    synapses: Mapping[str, SynapseModel],
    units: Mapping[str, Any] | None = None,
    dt: Any = 0.1 * ms,
) -> Network:
    """Return the network that a graph describes.

    Nodes may have a 'population' (else 'nodes') and are numbered within it by 'index', or else in their order. Edges
    may have a 'projection' (else 'edges') and a 'delay' (s, else 0); their 'weight' is needed. An undirected edge
    counts both ways.

    Arguments:
        graph: directed or not, with or without parallel edges.
        name: of the network.
        neurons: the model of each population.
        synapses: of each projection.
        units: of the weights of a projection, such as {'drive': volt} (plain numbers if omitted).
        dt: time step (s).

    Raises DescriptionError when a weight or a model is missing, indices have gaps, or a projection joins more than two
    populations.
    """
    directed = graph if graph.is_directed() else graph.to_directed()
    sizes: dict[str, int] = {}
    places: dict[Any, tuple[str, int]] = {}
    for node, facts in directed.nodes(data=True):
        population = str(facts.get("population", "nodes"))
        place = sizes.get(population, 0)
        sizes[population] = place + 1
        places[node] = (population, int(facts.get("index", place)))
    for population, size in sizes.items():
        if sorted(i for p, i in places.values() if p == population) != list(range(size)):
            raise DescriptionError(
                f"population '{population}': indices are not 0 to {size - 1}: number its nodes so"
            )
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for a, b, facts in directed.edges(data=True):
        if "weight" not in facts:
            raise DescriptionError(f"edge {a!r} to {b!r} has no weight: give every edge one")
        row = (places[a], places[b], float(facts["weight"]), float(facts.get("delay", 0.0)))
        rows.setdefault(str(facts.get("projection", "edges")), []).append(row)
    edges = {key: _listed(key, found) for key, found in rows.items()}
    return built(name, dt, sizes, edges, neurons, synapses, units or {})


def _listed(key: str, rows: list[tuple[Any, ...]]) -> Listed:
    ends = {(source, target) for (source, _), (target, _), *_ in rows}
    if len(ends) > 1:
        raise DescriptionError(
            f"projection '{key}' joins {len(ends)} pairs of populations: give its edges names by pair"
        )
    ((source, target),) = ends
    pre, post = (np.array([row[end][1] for row in rows]) for end in (0, 1))
    weight, delay = (np.array([row[column] for row in rows]) for column in (2, 3))
    return Listed(source, target, pre, post, weight, delay)
