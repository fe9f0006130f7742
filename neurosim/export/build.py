"""A network from lists of edges, whatever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import second

from neurosim.errors import DescriptionError, UnknownNameError
from neurosim.model.connectivity import Edges
from neurosim.model.network import Network
from neurosim.model.neuron import NeuronModel
from neurosim.model.parts import Population, Projection
from neurosim.model.synapse import SynapseModel
from neurosim.registry import suggest


@dataclass(frozen=True)
class Listed:
    """The edges of one projection: names of its ends, pre and post (edges,), weight (edges,), delay (edges,; s)."""

    source: str
    target: str
    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray


def built(
    name: str,
    dt: Any,
    sizes: Mapping[str, int],
    edges: Mapping[str, Listed],
    neurons: Mapping[str, NeuronModel],
    synapses: Mapping[str, SynapseModel],
    units: Mapping[str, Any],
) -> Network:
    """Return the network of populations and listed projections.

    Arguments:
        name: of the network.
        dt: time step (s).
        sizes: of the populations, by name.
        edges: of the projections, by name.
        neurons: the model of each population.
        synapses: of each projection.
        units: of the weights of those whose weight is no plain number.

    Raises DescriptionError when a model is missing, UnknownNameError for one of something that is not there.
    """
    for what, given, known in (
        ("neurons", neurons, sizes),
        ("synapses", synapses, edges),
        ("units", units, edges),
    ):
        for key in given:
            if key not in known:
                raise UnknownNameError(f"{what}: there is no '{key}': {suggest(key, known)}")
    missing = [f"neurons['{key}']" for key in sizes if key not in neurons]
    missing += [f"synapses['{key}']" for key in edges if key not in synapses]
    if missing:
        raise DescriptionError(f"no model for {', '.join(missing)}: give one for each")
    network = Network(name, dt)
    network.add(*(Population(key, size, neurons[key]) for key, size in sizes.items()))
    for key, listed in edges.items():
        weight = listed.weight * units[key] if key in units else listed.weight
        same = listed.delay.size == 0 or np.all(listed.delay == listed.delay[0])
        delay = listed.delay[:1].sum() if same else listed.delay
        network.add(
            Projection(
                key,
                listed.source,
                listed.target,
                synapses[key],
                Edges(listed.pre.tolist(), listed.post.tolist()),
                weight,
                delay=delay * second,
            )
        )
    return network
