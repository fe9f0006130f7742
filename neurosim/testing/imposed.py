"""A neuron whose spikes are imposed, so that a rule can be tried on known spike trains."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import ms

from neurosim.model.connectivity import OneToOne
from neurosim.model.neuron import NeuronModel
from neurosim.model.parts import Population, Projection
from neurosim.neurons import LIF, AdaptiveLIF, SpikeTrain
from neurosim.synapses import Pulse


class Imposed(LIF):
    """Neuron that spikes at the step after a kick and at no other time; its potential and currents are those of LIF.

    A spike when kick > 0.5, then kick -= 1, v = v_reset;  kick set by a pulse (1).
    """

    equations = f"{LIF.equations}\n    kick : 1 (state)".replace("(unless refractory)", "")
    threshold = "kick > 0.5"
    reset = "v = v_reset; kick -= 1"
    refractory = None  # type: ignore[assignment]


class ImposedAdaptive(AdaptiveLIF):
    """AdaptiveLIF that spikes at the step after a kick and at no other time.

    A spike when kick > 0.5, then kick -= 1, v -= v_th, a += 1;  kick set by a pulse (1).
    """

    equations = f"{AdaptiveLIF.equations}\n    kick : 1 (state)"
    threshold = "kick > 0.5"
    reset = f"{AdaptiveLIF.reset}; kick -= 1"


def imposed_population(
    name: str,
    size: int,
    times: Any,
    ids: np.ndarray,
    dt: Any = 0.1 * ms,
    rules: Any = (),
    model: NeuronModel | None = None,
) -> tuple[Population | Projection, ...]:
    """Return the parts of a population that spikes at given times: a spike source, the population, their projection.

    Arguments:
        name: of the population.
        size: number of neurons.
        times (s): of the spikes, shape (n,), multiples of dt from dt on.
        ids: the neuron of each spike, shape (n,).
        dt (s): the step of the network.
        rules: neuron rules of the population.
        model: Imposed() or another that spikes after a kick.
    """
    # A pulse that arrives in one step reaches the threshold in the next.
    train = SpikeTrain(times=times - dt, ids=np.asarray(ids, dtype=float))
    return (
        Population(f"{name}_train", size, train),
        Population(name, size, model or Imposed(), rules=rules),
        Projection(f"{name}_kick", f"{name}_train", name, Pulse(port="kick"), OneToOne(), 1.0),
    )
