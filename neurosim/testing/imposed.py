"""A neuron whose spikes are imposed, so that a rule can be tried on spike trains that are known."""

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

    a spike when kick > 0.5, then kick -= 1, v = v_reset;  kick set by a pulse (1).
    """

    equations = f"{LIF.equations}\n    kick : 1 (state)"
    threshold = "kick > 0.5"
    reset = "v = v_reset; kick -= 1"
    refractory = None  # type: ignore[assignment]


class ImposedAdaptive(AdaptiveLIF):
    """AdaptiveLIF that spikes at the step after a kick and at no other time.

    a spike when kick > 0.5, then kick -= 1, v -= v_th, a += 1;  kick set by a pulse (1).
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
    """Return the parts of a population that spikes exactly at given times: a spike source, itself, and what joins them.

    Arguments: name; size, number of units; times (s), shape (n,), multiples of dt from dt on; ids (n,), who spikes;
    dt (s), the step of the network; rules, neuron rules of the population; model, Imposed() or another that spikes
    after a kick.
    """
    # A pulse that arrives in one step is seen by the threshold of the next.
    train = SpikeTrain(times=times - dt, ids=np.asarray(ids, dtype=float))
    return (
        Population(f"{name}_train", size, train),
        Population(name, size, model or Imposed(), rules=rules),
        Projection(f"{name}_kick", f"{name}_train", name, Pulse(port="kick"), OneToOne(), 1.0),
    )
