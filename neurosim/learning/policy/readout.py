"""A value read-out beside a policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurosim.model.connectivity import AllToAll
from neurosim.model.network import Network
from neurosim.model.parts import Population, Projection
from neurosim.model.recorder import Recorder
from neurosim.model.values import Normal
from neurosim.neurons import GradedUnit
from neurosim.synapses import Graded


def with_value(network: Network, sources: Sequence[str], hidden: int = 32) -> tuple[Network, tuple[str, ...]]:
    """Return (a copy of a network with a population 'value' that is recorded, the names of its parameters).

    V = v . tanh(sum over sources of W x + b) + c, trained apart from the policy.
    Arguments: network; sources, populations whose outputs it reads; hidden, number of neurons between.
    Raises UnknownNameError for another population.
    """
    sizes = {name: network.population(name).size for name in sources}
    found = network.copy().add(
        Population("critic", hidden, GradedUnit(bias=np.zeros(hidden), transfer="tanh")),
        Population("value", 1, GradedUnit(bias=np.zeros(1), transfer="identity")),
        *(
            Projection(f"critic_{name}", name, "critic", Graded(), AllToAll(), Normal(0, size**-0.5))
            for name, size in sizes.items()
        ),
        Projection("critic_value", "critic", "value", Graded(), AllToAll(), Normal(0, hidden**-0.5)),
        Recorder("value", "output"),
    )
    names = (*(f"critic_{name}.w" for name in sizes), "critic.bias", "critic_value.w", "value.bias")
    return found, names
